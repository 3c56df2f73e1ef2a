/** What the peer may ask, decoded strictly, and our answers to it. */
import type { Either } from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { type Refusal, refusal } from '../../domain/failure.ts';
import {
  channelSnapshot,
  command,
  type Parcel,
  type ParcelAnswer,
  type Peer,
  type PeerHandlers,
  parcel,
  ticketRequest,
} from '../../domain/message.ts';
import { faultPoint } from '../shared/fault-point.ts';
import { decoded, decodeOne, decodeSequence, encodeOne, encodeSequence } from './codec.ts';
import { type Reply, refusalReply } from './failures.ts';
import { limits } from './limits.ts';

/** Answers the body of a request from a peer that may ask it. */
export type Route = (handlers: PeerHandlers, from: Peer, body: Uint8Array) => Promise<Reply>;

const invalid = (what: string): Reply => refusalReply(refusal('invalid', `The ${what} is not understood.`));
const done: Reply = { status: 200, body: new Uint8Array() };
const outcome = (result: Either<Refusal, void>): Reply => (result._tag === 'Left' ? refusalReply(result.left) : done);

/** A parcel that is not understood is refused alone; the others of its batch go on. */
const events: Route = async (handlers, from, body) => {
  const items = decoded(() => decodeSequence(body, limits.parcels));
  if (items === undefined) return invalid(`batch (at most ${limits.parcels} events)`);
  const parsed = items.map((item) => parcel.safeParse(item));
  const good = parsed.flatMap((each): readonly Parcel[] => (each.success ? [each.data] : []));
  const given = good.length === 0 ? [] : await handlers.events(from, good);
  if (given.length !== good.length) throw new Error(`${given.length} answers to ${good.length} parcels`);
  const answers = given[Symbol.iterator]();
  const all = parsed.map((each): ParcelAnswer => {
    if (!each.success) return { result: 'refused', text: clip(`not understood: ${z.prettifyError(each.error)}`) };
    const answer = answers.next().value as ParcelAnswer;
    return answer.result === 'stored' ? answer : { ...answer, text: clip(answer.text) };
  });
  return { status: 200, body: encodeSequence(all) };
};

const clip = (text: string): string => text.slice(0, limits.text);

const channels: Route = async (handlers, from, body) => {
  const snapshot = decoded(() => channelSnapshot.parse(decodeOne(body)));
  if (snapshot === undefined) return invalid('channel snapshot');
  faultPoint('channels.take.before');
  const taken = await handlers.channels(from, snapshot);
  faultPoint('channels.take.after');
  return outcome(taken);
};

const order: Route = async (handlers, from, body) => {
  const given = decoded(() => command.parse(decodeOne(body)));
  return given === undefined ? invalid('command') : outcome(await handlers.command(from, given));
};

const ticket: Route = async (handlers, from, body) => {
  const asked = decoded(() => ticketRequest.parse(decodeOne(body)));
  if (asked === undefined) return invalid('request for a ticket');
  const given = await handlers.ticket(from, asked.key);
  return given._tag === 'Left' ? refusalReply(given.left) : { status: 200, body: encodeOne({ ticket: given.right }) };
};

/** Requests with a body, by path. */
export const routes: Readonly<
  Record<'/events' | '/ticket' | '/channels' | '/command', { readonly may: keyof PeerHandlers; readonly route: Route }>
> = {
  '/events': { may: 'events', route: events },
  '/ticket': { may: 'ticket', route: ticket },
  '/channels': { may: 'channels', route: channels },
  '/command': { may: 'command', route: order },
};

/** Is this a path of `routes`? */
export const isRoute = (path: string): path is keyof typeof routes => Object.hasOwn(routes, path);
