import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { curlPut } from '../support/clients.ts';
import { run } from '../support/run.ts';
import { linked, preparePair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';

const intranet = `sallyport-${process.pid}`;
const [dmzAddress, innerAddress] = ['10.213.77.1', '10.213.77.2'];

const sh = async (script: string): Promise<string> => {
  const ran = await run('sh', ['-ec', script]);
  if (ran.code !== 0) throw new Error(`${script}: ${ran.err}`);
  return ran.out;
};

/** Inner's own host: a network namespace whose firewall drops and counts every new incoming connection. */
const innerHost = `
ip netns add ${intranet}
ip link add veth-d${process.pid} type veth peer name veth-i netns ${intranet}
ip addr add ${dmzAddress}/30 dev veth-d${process.pid}
ip link set veth-d${process.pid} up
ip -n ${intranet} addr add ${innerAddress}/30 dev veth-i
ip -n ${intranet} link set veth-i up
ip -n ${intranet} link set lo up
ip netns exec ${intranet} nft -f - <<RULES
table inet firewall {
  counter refused { }
  chain input {
    type filter hook input priority 0; policy accept;
    iifname "lo" accept
    ct state established,related accept
    meta l4proto tcp counter name refused drop
  }
}
RULES`;

describe('in pushback mode', () => {
  beforeAll(() => sh(innerHost));
  afterAll(() => sh(`ip netns del ${intranet}`));

  const refused = async (): Promise<number> => {
    const counter = await sh(`ip netns exec ${intranet} nft list counter inet firewall refused`);
    return Number(/packets (\d+)/.exec(counter)?.[1]);
  };

  it('dmz opens no connection towards inner: everything works behind a firewall that drops each new one', async () => {
    const pair = await preparePair({
      streamingSize: '64 KiB',
      dmzHost: dmzAddress,
      wrap: (role, command) => (role === 'inner' ? ['ip', 'netns', 'exec', intranet, ...command] : command),
    });
    try {
      await Promise.all([pair.inner.start(), pair.dmz.start()]);
      await linked(pair);
      for (const [name, size] of [
        ['small', 1_000],
        ['large', 5_000_000],
      ] as const) {
        await writeFile(join(pair.directory, name), Buffer.alloc(size, name));
        expect(await curlPut(pair, join(pair.directory, name), `/${name}`)).toMatchObject({ code: 0 });
      }
      await idle(pair);
      await pair.inner.kill();
      await writeFile(join(pair.directory, 'later'), 'later');
      expect(await curlPut(pair, join(pair.directory, 'later'), '/later')).toMatchObject({ code: 0 });
      await pair.inner.start();
      await linked(pair);
      await idle(pair);
      expect(await expectOneStory(pair)).toBe(3);
      expect(await refused()).toBe(0);
    } finally {
      await pair.end();
    }
  });

  it('the firewall of this test does drop and count a new connection', async () => {
    await run('curl', ['-sS', '--max-time', '1', `http://${innerAddress}:9/`]);
    expect(await refused()).toBeGreaterThan(0);
  });
});
