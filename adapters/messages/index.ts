/** The message service: HTTP/2 over TLS 1.3 between the two servers, direct or pushback. */
import { permanent, temporary } from '../../domain/failure.ts';
import {
  type LinkState,
  listAnswer,
  type Messages,
  type ParcelAnswer,
  parcelAnswer,
  segmentsAnswer,
  ticketAnswer,
} from '../../domain/message.ts';
import { partnerAccess } from '../../domain/partner.ts';
import { channelsAnswer } from '../../domain/replication.ts';
import { attempt } from '../shared/attempt.ts';
import { ask, askPayload } from './ask.ts';
import { decoded, decodeOne, decodeSequence, encodeOne, encodeSequence } from './codec.ts';
import type { Asking } from './connection.ts';
import { credits } from './credits.ts';
import { explain, failing, failureOf } from './failures.ts';
import type { Lane } from './hello.ts';
import { limits } from './limits.ts';
import { type MessageServiceOptions, network } from './network.ts';
import { type Bounds, noLink } from './request.ts';
import { askStage } from './stage.ts';
import { askThrough } from './through.ts';

export type { MessageServiceOptions };

const tooLarge = (text: string): Error => failing(permanent('tooLarge', text));

const badAnswer = (node: string): Error =>
  failing(temporary('badAnswer', `${node} answered something that is not understood; do both run one version?`));

const answersIn = (node: string, body: Uint8Array, count: number): readonly ParcelAnswer[] => {
  const answers = decoded(() => decodeSequence(body, count).map((item) => parcelAnswer.parse(item)));
  if (answers?.length !== count) throw badAnswer(node);
  return answers;
};

/** What is other than usual with a request. */
type Asked = Bounds & { readonly lane: Lane; readonly milliseconds: number };

const longList: Partial<Asked> = {
  lane: 'bulk',
  milliseconds: limits.list,
  most: limits.listing,
  bound: 'the most for a list',
};

/** The message service of a server. It is silent until `start`, and asks only while the link is up. */
export const messageService = (options: MessageServiceOptions): Messages => {
  const { maxMessageSize: most, clock, log } = options;
  const listeners = new Set<(state: LinkState) => void>();
  const { links, certificates, start, close } = network(options, (state) => {
    log[state.up ? 'info' : 'warn'](`message service: the link to ${state.node} is ${state.up ? 'up' : 'down'}`, {
      node: state.node,
    });
    for (const listener of [...listeners]) listener(state);
  });
  const inTurn = credits(2 * most);

  const askingOn = (node: string, lane: Lane): Asking => {
    const found = links.get(node);
    if (found === undefined) throw failing(permanent('unknownPeer', `${node} is not in messageService.peers.`));
    const connection = found.asking(lane);
    if (connection === undefined) throw noLink(node);
    return connection;
  };

  const post = async (node: string, path: string, body: Uint8Array, own: Partial<Asked> = {}): Promise<Uint8Array> => {
    if (body.length > most)
      throw tooLarge(`The message for ${node} has ${body.length} bytes, and maxMessageSize is ${most}.`);
    const { lane = 'events', ...bounds } = own;
    askingOn(node, lane);
    const reply = await inTurn(body.length, () => ask(askingOn(node, lane), path, body, { most, clock, ...bounds }));
    if (reply.status !== 200) throw failing(failureOf(node, reply));
    return reply.body;
  };

  return {
    start: (handlers) => attempt(() => start(handlers), explain),
    links: () => [...links.values()].map((each) => each.state()),
    certificateOf: (node) => certificates.get(node),
    onLink: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    events: (to, parcels) =>
      attempt(async () => {
        if (parcels.length === 0) return [];
        if (parcels.length > limits.parcels) throw tooLarge(`A batch has at most ${limits.parcels} events.`);
        return answersIn(to, await post(to, '/events', encodeSequence(parcels)), parcels.length);
      }, explain),
    payload: (from, key, start) =>
      attempt(async () => askPayload(askingOn(from, 'bulk'), key, start, { most, clock }), explain),
    ticket: (from, key) =>
      attempt(async () => {
        const body = await post(from, '/ticket', encodeOne({ key }));
        const answer = decoded(() => ticketAnswer.parse(decodeOne(body)));
        if (answer === undefined) throw badAnswer(from);
        return answer.ticket;
      }, explain),
    channels: (to, update) =>
      attempt(async () => {
        const body = await post(to, '/channels', encodeOne({ update }));
        const answer = decoded(() => channelsAnswer.parse(decodeOne(body)));
        if (answer === undefined) throw badAnswer(to);
        return answer;
      }, explain),
    command: (to, command) =>
      attempt(async () => {
        await post(to, '/command', encodeOne(command));
      }, explain),
    stage: (to, payload, bytes) =>
      attempt(async () => {
        const reply = await askStage(askingOn(to, 'bulk'), payload, bytes, { most, clock });
        if (reply.status !== 200) throw failing(failureOf(to, reply));
      }, explain),
    segments: (to, segments) =>
      attempt(async () => {
        const body = await post(to, '/segments', encodeOne({ segments }));
        const answer = decoded(() => segmentsAnswer.parse(decodeOne(body)));
        if (answer === undefined) throw badAnswer(to);
        return answer;
      }, explain),
    partner: (from, channel) =>
      attempt(async () => {
        const body = await post(from, '/partner', encodeOne({ channel }));
        const access = decoded(() => partnerAccess.parse(decodeOne(body)));
        if (access?.channel !== channel) throw badAnswer(from);
        return access;
      }, explain),
    list: (at, request) =>
      attempt(async () => {
        const body = await post(at, '/list', encodeOne(request), longList);
        const answer = decoded(() => listAnswer.parse(decodeOne(body)));
        if (answer === undefined) throw badAnswer(at);
        return answer.files;
      }, explain),
    routes: (to, routes) =>
      attempt(async () => {
        await post(to, '/routes', encodeOne({ routes }));
      }, explain),
    through: (to, request, body, gone) =>
      attempt(async () => askThrough(askingOn(to, 'through'), request, body, { most, clock, gone }), explain),
    close,
  };
};
