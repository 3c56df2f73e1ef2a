/** A partner's SFTP client, and the ways in which it sends a file. */
import type { Pair } from '../support/servers.ts';
import type { Sender, Way } from './lanes.ts';
import type { Sent } from './ledger.ts';
import { connectPartner, type Partner } from './partner.ts';

/** Sends a file to a path; `connect` gives a new session after one that the client cut itself. Answers the session in use. */
type Send = (partner: Partner, file: Sent, path: string, connect: () => Promise<Partner>) => Promise<Partner>;

const block = 32 * 1024;
const inFlight = 16;

/** As libraries do: many blocks at once. */
const writeFrom = async (partner: Partner, handle: Buffer, bytes: Buffer, from: number): Promise<void> => {
  const offsets: number[] = [];
  for (let at = from; at < bytes.length; at += block) offsets.push(at);
  const worker = async (): Promise<void> => {
    for (let at = offsets.shift(); at !== undefined; at = offsets.shift())
      await partner.write(handle, bytes.subarray(at, at + block), at);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
};

const plain: Send = async (partner, { bytes }, path) => {
  const handle = await partner.open(path, 'w');
  await writeFrom(partner, handle, bytes, 0);
  await partner.close(handle);
  return partner;
};

/** Under a temporary name, then to its own. */
const renamed: Send = async (partner, file, path, connect) => {
  const temporary = `${path}.part`;
  await plain(partner, file, temporary, connect);
  await partner.rename(temporary, path);
  return partner;
};

/** Tidies up its home after the OK; whether that is answered does not matter to the file. */
const removed: Send = async (partner, file, path, connect) => {
  await plain(partner, file, path, connect);
  await partner.remove(path).catch(() => undefined);
  return partner;
};

/** The end first, so that there is a hole for a while. */
const scattered: Send = async (partner, { bytes }, path) => {
  const handle = await partner.open(path, 'w');
  const half = Math.floor(bytes.length / 2);
  await partner.write(handle, bytes.subarray(half, half + block), half);
  await writeFrom(partner, handle, bytes, half);
  await writeFrom(partner, handle, bytes.subarray(0, half), 0);
  await partner.close(handle);
  return partner;
};

const cutInTheMiddle = async (partner: Partner, bytes: Buffer, path: string): Promise<void> => {
  const handle = await partner.open(path, 'w');
  await writeFrom(partner, handle, bytes.subarray(0, Math.ceil(bytes.length / 2)), 0);
  partner.cut();
};

/** Cut in the middle, then sent anew as a whole. */
const cut: Send = async (partner, file, path, connect) => {
  await cutInTheMiddle(partner, file.bytes, path);
  return plain(await connect(), file, path, connect);
};

/** Cut in the middle, then only the rest is sent; whole, where there is nothing to go on with. */
const resumed: Send = async (partner, file, path, connect) => {
  await cutInTheMiddle(partner, file.bytes, path);
  const again = await connect();
  const there = (await again.size(path)) ?? 0;
  if (there === 0 || there >= file.bytes.length) return plain(again, file, path, connect);
  const handle = await again.open(path, 'r+').catch((error: unknown) => {
    if (again.gone()) throw error;
    return undefined;
  });
  if (handle === undefined) return plain(again, file, path, connect);
  await writeFrom(again, handle, file.bytes, there);
  await again.close(handle);
  return again;
};

const ways: Readonly<Record<Way, Send>> = { plain, renamed, removed, scattered, cut, resumed };

/** A client over a library, with the channel's key. */
export const sftpSender = ({ sftpPort: port }: Pair, privateKey: Buffer): Sender => {
  const connect = () => connectPartner({ port, login: 'acme', privateKey });
  let partner: Partner | undefined;
  return {
    send: async (way, file) => {
      if (partner === undefined || partner.gone()) partner = await connect();
      partner = await ways[way](partner, file, `/${file.name}`, connect);
    },
    leave: async () => partner?.leave(),
  };
};
