/** What the peer may ask, decoded strictly, and our answers to it. */
import { z } from 'zod';
import { type Refusal, refusal } from '../../domain/failure.ts';
import {
  command,
  listRequest,
  type Parcel,
  type ParcelAnswer,
  type Peer,
  type PeerHandlers,
  parcel,
  partnerRequest,
  segmentsRequest,
  ticketRequest,
} from '../../domain/message.ts';
import { channelsRequest } from '../../domain/replication.ts';
import { routesRequest } from '../../domain/route.ts';
import { faultPoint } from '../shared/fault-point.ts';
import { decoded, decodeOne, decodeSequence, encodeOne, encodeSequence } from './codec.ts';
import { outcomeReply, type Reply, refusalReply } from './failures.ts';
import { limits } from './limits.ts';

/** Answers the body of a request from a peer that may ask it. */
export type Route = (handlers: PeerHandlers, from: Peer, body: Uint8Array) => Promise<Reply>;

const invalid = (what: string): Reply => refusalReply(refusal('invalid', `The ${what} is not understood.`));

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
  const asked = decoded(() => channelsRequest.parse(decodeOne(body)));
  if (asked === undefined) return invalid('update of the channels');
  faultPoint('channels.take.before');
  const taken = await handlers.channels(from, asked.update);
  faultPoint('channels.take.after');
  return taken._tag === 'Left' ? refusalReply(taken.left) : { status: 200, body: encodeOne(taken.right) };
};

const order: Route = async (handlers, from, body) => {
  const given = decoded(() => command.parse(decodeOne(body)));
  return given === undefined ? invalid('command') : outcomeReply(await handlers.command(from, given));
};

const ticket: Route = async (handlers, from, body) => {
  const asked = decoded(() => ticketRequest.parse(decodeOne(body)));
  if (asked === undefined) return invalid('request for a ticket');
  const given = await handlers.ticket(from, asked.key);
  return given._tag === 'Left' ? refusalReply(given.left) : { status: 200, body: encodeOne({ ticket: given.right }) };
};

const partner: Route = async (handlers, from, body) => {
  const asked = decoded(() => partnerRequest.parse(decodeOne(body)));
  if (asked === undefined) return invalid('request for a partner');
  try {
    const given = await handlers.partner(from, asked.channel);
    return given._tag === 'Left' ? refusalReply(given.left) : { status: 200, body: encodeOne(given.right) };
  } catch (error) {
    // its words might hold a secret, and would be logged
    throw new Error(`the access could not be given (${error instanceof Error ? error.name : typeof error})`);
  }
};

const segments: Route = async (handlers, from, body) => {
  const told = decoded(() => segmentsRequest.parse(decodeOne(body)));
  if (told === undefined) return invalid('message with segments');
  const taken = await handlers.segments(from, told.segments);
  return taken._tag === 'Left' ? refusalReply(taken.left) : { status: 200, body: encodeOne(taken.right) };
};

const list: Route = async (handlers, from, body) => {
  const asked = decoded(() => listRequest.parse(decodeOne(body)));
  if (asked === undefined) return invalid('request for a list');
  const found = await handlers.list(from, asked);
  if (found._tag === 'Left') return refusalReply(found.left);
  const files = encodeOne({ files: found.right });
  return files.length <= limits.listing ? { status: 200, body: files } : refusalReply(tooLong(found.right.length));
};

const told: Route = async (handlers, from, body) => {
  const given = decoded(() => routesRequest.parse(decodeOne(body)));
  return given === undefined ? invalid('list of routes') : outcomeReply(await handlers.routes(from, given.routes));
};

const tooLong = (count: number): Refusal =>
  refusal(
    'tooLarge',
    `The list of these ${count} files is larger than ${limits.listing / 1024 ** 2} MiB; clear the directory, or use several.`,
  );

/** Requests with a body, by path. */
export const routes: Readonly<
  Record<
    '/events' | '/ticket' | '/channels' | '/command' | '/segments' | '/partner' | '/list' | '/routes',
    { readonly may: keyof PeerHandlers; readonly route: Route }
  >
> = {
  '/events': { may: 'events', route: events },
  '/ticket': { may: 'ticket', route: ticket },
  '/channels': { may: 'channels', route: channels },
  '/command': { may: 'command', route: order },
  '/segments': { may: 'segments', route: segments },
  '/partner': { may: 'partner', route: partner },
  '/list': { may: 'list', route: list },
  '/routes': { may: 'routes', route: told },
};

/** Is this a path of `routes`? */
export const isRoute = (path: string): path is keyof typeof routes => Object.hasOwn(routes, path);
