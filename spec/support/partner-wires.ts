/** Wires to a partner's server, data connections included: an address of its own in front of the server's. */
import { onTestFinished } from 'vitest';
import type { PartnerServer } from './partner-servers.ts';
import { type Wire, wireTo } from './wire.ts';

export type PartnerWires = {
  readonly host: string;
  readonly control: Wire;
  /** Ends every data connection. */
  readonly cutData: () => void;
  /** Ends every connection. */
  readonly cut: () => void;
  /** Lets no byte pass any more. */
  readonly freeze: () => void;
};

const host = '127.0.0.2';

/** Puts the wires up until the test is over. */
export const wiresTo = async ({ port, dataPorts: [from, to] }: PartnerServer): Promise<PartnerWires> => {
  const wire = (at: number): Promise<Wire> => wireTo(at, { from: host, port: at });
  const control = await wire(port);
  const data = await Promise.all(Array.from({ length: to - from + 1 }, (_, i) => wire(from + i)));
  const all = [control, ...data];
  onTestFinished(async () => {
    await Promise.all(all.map((each) => each.close()));
  });
  return {
    host,
    control,
    cutData: () => {
      for (const each of data) each.cut();
    },
    cut: () => {
      for (const each of all) each.cut();
    },
    freeze: () => {
      for (const each of all) each.freeze();
    },
  };
};
