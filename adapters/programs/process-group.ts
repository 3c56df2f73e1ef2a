/** Process groups, as /proc tells of them: recognising one of ours after a crash, and ending it with all that is in it. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { codeOf } from '../shared/failing.ts';

/** What makes a process the same one still: numbers are used again, but not with the same start in the same boot. */
export type Identity = { readonly pid: number; readonly started: string; readonly boot: string };

type Process = { readonly pid: number; readonly group: number; readonly started: string; readonly dead: boolean };

const look = 20;

/** Who a running process is; undefined where it has ended, or this system has no /proc. */
export const identityOf = async (pid: number): Promise<Identity | undefined> => {
  const found = await processOf(pid);
  return found === undefined ? undefined : { pid, started: found.started, boot: await bootId() };
};

/**
 * The groups that an earlier try has left: that of the recorded leader if it is really the same process, and those of
 * processes whose environment holds `marker`. Never our own.
 */
export const groupsLeft = async (leader: Identity | undefined, marker: string): Promise<readonly number[]> => {
  const running = await processes();
  const boot = await bootId();
  const groups = new Set<number>();
  for (const each of running) {
    const led = each.pid === leader?.pid && each.started === leader.started && boot === leader.boot;
    if (led || (await hasInEnvironment(each.pid, marker))) groups.add(each.group);
  }
  const own = (await processOf(process.pid))?.group;
  return [...groups].filter((group) => group > 1 && group !== own);
};

/** Asks a group to end, makes it end after `graceMs`, and says whether it has. */
export const endGroup = async (group: number, graceMs: number): Promise<boolean> => {
  signalGroup(group, 'SIGTERM');
  if (await isGone(group, graceMs)) return true;
  signalGroup(group, 'SIGKILL');
  return isGone(group, 5_000);
};

/** Sends a signal to all of a group; false where there is none. */
const signalGroup = (group: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
};

const isGone = async (group: number, within: number): Promise<boolean> => {
  for (const end = performance.now() + within; ; ) {
    if (!signalGroup(group, 0)) return true;
    // What has died but was not fetched by its parent still counts for the kernel, but does nothing any more.
    if ((await processes()).every((each) => each.group !== group || each.dead)) return true;
    if (performance.now() > end) return false;
    await setTimeout(look);
  }
};

const processes = async (): Promise<readonly Process[]> => {
  const names = await readdir('/proc').catch(() => []);
  const found = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((name) => processOf(Number(name))));
  return found.filter((each) => each !== undefined);
};

/** See proc_pid_stat(5); the command in brackets may hold anything, so the fields are counted from its end. */
const processOf = async (pid: number): Promise<Process | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, , group] = fields ?? [];
  const started = fields?.[19];
  if (group === undefined || started === undefined) return undefined;
  return { pid, group: Number(group), started, dead: state === 'Z' || state === 'X' };
};

const hasInEnvironment = async (pid: number, marker: string): Promise<boolean> => {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return environment.split('\0').includes(marker);
};

const bootId = async (): Promise<string> =>
  (await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => '')).trim();
