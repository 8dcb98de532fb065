/** What the programs printed in a lab, word for word (iproute2 6.1, arping 2.23, iputils 20221126, BIRD 2.0.12). */

export const podAddressV4 = `\
2: eth0@if3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000 link-netns gry-lab-node-a
    inet 10.233.90.2/32 scope global eth0
       valid_lft forever preferred_lft forever
`;

export const podAddressV6 = `\
2: eth0@if3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000 link-netns gry-lab-node-a
    inet6 fd00:10:233:5a::2/128 scope global nodad 
       valid_lft forever preferred_lft forever
    inet6 fe80::f46f:a7ff:fe2e:a999/64 scope link 
       valid_lft forever preferred_lft forever
`;

export const podRoutesV4 = `\
default via 169.254.1.1 dev eth0 
169.254.1.1 dev eth0 scope link 
`;

export const podRoutesV6 = `\
fd00:10:233:5a::2 dev eth0 proto kernel metric 256 pref medium
fe80::/64 dev eth0 proto kernel metric 256 pref medium
default via fe80::ecee:eeff:feee:eeee dev eth0 metric 1024 pref medium
`;

export const arping = `\
ARPING 169.254.1.1
42 bytes from ee:ee:ee:ee:ee:ee (169.254.1.1): index=0 time=9.674 usec

--- 169.254.1.1 statistics ---
1 packets transmitted, 1 packets received,   0% unanswered (0 extra)
rtt min/avg/max/std-dev = 0.010/0.010/0.010/0.000 ms
`;

export const neighbours = `\
fe80::ecee:eeff:feee:eeee dev eth0 lladdr ee:ee:ee:ee:ee:ee REACHABLE 
fd00:34::99 dev eth0 FAILED 
`;

export const hostLink = `\
3: gryp0123456789a@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default qlen 1000
    link/ether ee:ee:ee:ee:ee:ee brd ff:ff:ff:ff:ff:ff link-netns gry-lab-pod-a1
    alias gryphon:gryphon/abc/eth0
`;

export const nodeRoutesV4 = `\
default via 192.168.34.1 dev eth0 
blackhole 10.233.90.0/24 proto 71 
10.233.90.2 dev gryp0123456789a proto 71 scope link 
10.233.96.0/24 via 192.168.34.11 dev eth0 proto 71 
10.233.103.0/24 proto 71 
	nexthop via 192.168.34.11 dev eth0 weight 1 
	nexthop via 192.168.34.1 dev eth0 weight 1 
192.168.34.0/24 dev eth0 proto kernel scope link src 192.168.34.10 
`;

export const nodeRoutesV6 = `\
fd00:10:233:5a::2 dev gryp0123456789a proto 71 metric 1024 pref medium
blackhole fd00:10:233:5a::/64 dev lo proto 71 metric 1024 pref medium
fd00:10:233:60::/64 via fd00:34::11 dev eth0 proto 71 metric 1024 pref medium
`;

export const pingAnswered = `\
PING 10.233.96.2 (10.233.96.2) 56(84) bytes of data.
64 bytes from 10.233.96.2: icmp_seq=1 ttl=62 time=0.281 ms
64 bytes from 10.233.96.2: icmp_seq=2 ttl=62 time=0.128 ms
64 bytes from 10.233.96.2: icmp_seq=3 ttl=62 time=0.071 ms

--- 10.233.96.2 ping statistics ---
3 packets transmitted, 3 received, 0% packet loss, time 402ms
rtt min/avg/max/mdev = 0.071/0.160/0.281/0.088 ms
`;

export const pingLost = `\
PING 10.233.90.9 (10.233.90.9) 56(84) bytes of data.

--- 10.233.90.9 ping statistics ---
3 packets transmitted, 0 received, 100% packet loss, time 407ms

`;

export const birdProtocols = `\
BIRD 2.0.12 ready.
Name       Proto      Table      State  Since         Info
device1    Device     ---        up     23:17:36.461  
kernel1    Kernel     master4    up     23:17:36.461  
node_a_ipv4 BGP        ---        up     23:17:37.221  Established   
node_a_ipv6 BGP        ---        up     23:17:37.330  Established   
node_b_ipv4 BGP        ---        up     23:17:37.259  Established   
node_b_ipv6 BGP        ---        up     23:17:37.375  Established   
node_c_ipv4 BGP        ---        start  23:17:36.461  Active        Socket: Connection refused
node_c_ipv6 BGP        ---        start  23:17:36.461  Active        Socket: Connection refused
`;

export const birdRoutes = `\
BIRD 2.0.12 ready.
Table master4:
10.233.96.0/24       unicast [node_b_ipv4 23:17:37.303] * (100) [AS64512i]
	via 192.168.34.11 on eth0
10.233.90.0/24       unicast [node_a_ipv4 23:17:37.259] * (100) [AS64512i]
	via 192.168.34.10 on eth0
                     unicast [node_b_ipv4 23:17:37.303] (100) [AS64512i]
	via 192.168.34.11 on eth0

Table master6:
fd00:10:233:60::/64  unicast [node_b_ipv6 23:17:37.415] * (100) [AS64512i]
	via fd00:34::11 on eth0
`;
