/** A DNS server that knows what it is told: MX and A records over UDP. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** By name. A name that is not there does not exist. */
export type Zone = Readonly<
  Record<string, { readonly mx?: readonly (readonly [number, string])[]; readonly a?: readonly string[] }>
>;

const nameBytes = (name: string): Buffer =>
  Buffer.concat([
    ...name
      .split('.')
      .filter((label) => label !== '')
      .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ]);

const number = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);

/** The name in question begins at byte 12. */
const record = (type: number, data: Buffer): Buffer =>
  Buffer.concat([number(0xc00c), number(type), number(1), Buffer.alloc(4), number(data.length), data]);

const types = { a: 1, mx: 15 };

const answer = (zone: Zone, query: Buffer): Buffer => {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const question = query.subarray(12, at + 5);
  const known = zone[labels.join('.').toLowerCase()];
  const type = query.readUInt16BE(at + 1);
  const mx = (known?.mx ?? []).map(([preference, name]) => Buffer.concat([number(preference), nameBytes(name)]));
  const a = (known?.a ?? []).map((address) => Buffer.from(address.split('.').map(Number)));
  const data = type === types.mx ? mx : type === types.a ? a : [];
  const flags = known === undefined ? 0x8583 : 0x8580;
  const head = [query.subarray(0, 2), number(flags), number(1), number(data.length), number(0), number(0)];
  return Buffer.concat([...head, question, ...data.map((each) => record(type, each))]);
};

/** Starts it on 127.0.0.1; answers its address with its port. */
export const startDns = async (zone: Zone): Promise<{ readonly address: string; readonly stop: () => void }> => {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => socket.send(answer(zone, query), from.port, from.address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { address: `127.0.0.1:${socket.address().port}`, stop: () => socket.close() };
};
