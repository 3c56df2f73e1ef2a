/** What the system knows of a running process. */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';

const ticks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Seconds of CPU time used so far, in user mode and in the kernel: by all threads, and by the main one alone. */
export type Cpu = { readonly all: number; readonly main: number };

/** The CPU time of a running process. */
export const cpuOf = async (pid: number): Promise<Cpu> => ({
  all: await seconds(`/proc/${pid}/stat`),
  main: await seconds(`/proc/${pid}/task/${pid}/stat`),
});

const seconds = async (file: string): Promise<number> => {
  const stat = await readFile(file, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks;
};

/** The most memory that was ever resident, in bytes. */
export const peakBytes = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
};
