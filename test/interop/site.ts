import { connect, createNetns, createSwitch, type TestNetns } from '../support/netns.ts';

export type Place = 'us' | 'them' | 'third' | 'fourth';

/** The addresses of a place in both families; all of them share one subnet. */
export const ADDRESSES: Readonly<Record<Place, { readonly ipv4: string; readonly ipv6: string }>> = {
  us: { ipv4: '192.0.2.1', ipv6: '2001:db8::1' },
  them: { ipv4: '192.0.2.2', ipv6: '2001:db8::2' },
  third: { ipv4: '192.0.2.3', ipv6: '2001:db8::3' },
  fourth: { ipv4: '192.0.2.4', ipv6: '2001:db8::4' },
};

/** A namespace for our speaker, one for the daemon, two for further parties, and the switch between them. */
export type Site = Readonly<Record<Place, TestNetns>> & AsyncDisposable;

export async function createSite(): Promise<Site> {
  await using stack = new AsyncDisposableStack();
  const exchange = stack.use(await createSwitch());
  const place = async (name: Place): Promise<TestNetns> => {
    const netns = stack.use(await createNetns());
    const { ipv4, ipv6 } = ADDRESSES[name];
    await connect(
      { netns, name: 'eth0', addresses: [`${ipv4}/24`, `${ipv6}/64`] },
      { netns: exchange, name },
    );
    await exchange.ip(`link set ${name} master br0`);
    return netns;
  };
  const places = {
    us: await place('us'),
    them: await place('them'),
    third: await place('third'),
    fourth: await place('fourth'),
  };
  const all = stack.move();
  return { ...places, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Cuts the link of a place while `during` runs. The kernel forgets IPv6 addresses with the link. */
export async function withoutLink(site: Site, place: Place, during: () => Promise<void>): Promise<void> {
  const netns = site[place];
  await netns.ip('link set eth0 down');
  try {
    await during();
  } finally {
    await netns.ip('link set eth0 up');
    await netns.ip(`address replace ${ADDRESSES[place].ipv6}/64 dev eth0 nodad`);
  }
}
