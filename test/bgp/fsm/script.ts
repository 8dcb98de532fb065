import type { FsmInput, FsmOutput } from '../../../src/bgp/fsm/events.ts';
import {
  FIRST_RUN,
  type FsmConfig,
  type FsmState,
  initialState,
  type RestartBits,
} from '../../../src/bgp/fsm/state.ts';
import { step } from '../../../src/bgp/fsm/step.ts';
import type { Capability } from '../../../src/bgp/wire/capability.ts';
import type { Message, OpenMessage } from '../../../src/bgp/wire/message.ts';
import { describeNotification } from '../../../src/bgp/wire/notification.ts';
import { address } from '../../../src/net/address.ts';

export const config: FsmConfig = {
  localAS: 65001,
  remoteAS: 65002,
  routerID: address('192.0.2.5'),
  families: ['ipv4-unicast', 'ipv6-unicast'],
  holdTime: 30,
  keepaliveTime: 10,
  passive: false,
};

/** An OPEN that `config` accepts. */
export const peerOpen: OpenMessage = {
  kind: 'open',
  as: 65002,
  holdTime: 90,
  routerID: address('192.0.2.9'),
  capabilities: [
    { kind: 'multiprotocol', family: 'ipv4-unicast' },
    { kind: 'multiprotocol', family: 'ipv6-unicast' },
    { kind: 'route-refresh' },
    { kind: 'four-octet-as', as: 65002 },
  ],
};

export const keepalive: Message = { kind: 'keepalive' };

/** RFC 4724 with the N bit of RFC 8538; R as given. */
export const restarted = (restarting: boolean): Capability => ({
  kind: 'graceful-restart',
  restarting,
  notification: true,
  restartTime: 120,
  families: [{ family: 'ipv4-unicast', forwarding: true }],
});

/** A state machine that is driven step by step and tells what it did as short lines of text. */
export class Script {
  state: FsmState;
  now = 0;

  constructor(overrides: Partial<FsmConfig> = {}, restart: RestartBits = FIRST_RUN) {
    this.state = initialState({ ...config, ...overrides }, 7, restart);
  }

  input(input: FsmInput): readonly string[] {
    const { state, outputs } = step(this.state, input, this.now);
    this.state = state;
    return outputs.map(outputText);
  }

  message(id: number, message: Message): readonly string[] {
    return this.input({ kind: 'message', id, message, at: this.now });
  }

  /** Lets time pass, then ticks. */
  tick(seconds: number): readonly string[] {
    this.now += seconds * 1000;
    return this.input({ kind: 'tick' });
  }

  connect(id: number, direction: 'outgoing' | 'incoming' = 'outgoing'): readonly string[] {
    return this.input({ kind: 'connected', id, direction });
  }

  /** Connection 1, outgoing, brought to the state. */
  static in(
    phase: 'idle' | 'connect' | 'active' | 'opensent' | 'openconfirm' | 'established',
    overrides: Partial<FsmConfig> = {},
  ): Script {
    const script = new Script(overrides);
    if (phase === 'idle') return script;
    script.input({ kind: 'start' });
    if (phase === 'connect') return script;
    if (phase === 'active') {
      script.input({ kind: 'dial-failed', reason: 'connection refused' });
      return script;
    }
    script.connect(1);
    if (phase === 'opensent') return script;
    script.message(1, peerOpen);
    if (phase === 'openconfirm') return script;
    script.message(1, { kind: 'keepalive' });
    return script;
  }
}

function outputText(output: FsmOutput): string {
  switch (output.kind) {
    case 'send':
      return `send ${output.id} ${messageText(output.message)}`;
    case 'close':
      return `${output.abort ? 'abort' : 'close'} ${output.id}`;
    case 'agreed':
      return `agreed ${output.id}`;
    case 'established':
      return `established ${output.id}`;
    case 'end-of-rib':
      return `end-of-rib ${output.family}`;
    case 'refresh':
      return `refresh ${output.message.family}`;
    case 'down':
    case 'attempt-failed':
      return `${output.kind}: ${output.reason}`;
    case 'dial':
    case 'cancel-dial':
      return output.kind;
  }
}

function messageText(message: Message): string {
  if (message.kind !== 'notification') return message.kind;
  const data = message.data.length === 0 ? '' : ` [${[...message.data].join(' ')}]`;
  return `${message.code}/${message.subcode} ${describeNotification(message)}${data}`;
}
