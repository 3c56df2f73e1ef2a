import { describe, expect, it } from 'vitest';
import { createLog, type LogOptions } from '../../../adapters/shared/log.ts';

const lines = (options: Partial<LogOptions>, use: (log: ReturnType<typeof createLog>) => void): string[] => {
  const written: string[] = [];
  const clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678) };
  use(createLog({ level: 'info', format: 'text', write: (line) => written.push(line), clock, ...options }));
  return written;
};

describe('the log', () => {
  it('writes time, level, message and fields on one line', () => {
    expect(lines({}, (log) => log.warn('a thing', { size: 3, name: 'a b', gone: undefined, list: [1] }))).toEqual([
      '2026-01-02T03:04:05.678Z warn  a thing size=3 name="a b" list=[1]',
    ]);
  });

  it('drops what is below its level, and never an alarm', () => {
    const written = lines({ level: 'error' }, (log) => {
      log.debug('no');
      log.info('no');
      log.warn('no');
      log.error('yes');
      log.alarm('yes');
    });
    expect(written.map((line) => line.slice(25))).toEqual(['error yes', 'alarm yes']);
  });

  it.each(['text', 'json'] as const)('lets nobody forge a line in %s', (format) => {
    const [line, ...more] = lines({ format }, (log) =>
      log.info('login\n2026 error forged', { name: 'x\r\u001b[31m\u2028\u202e', 'a\nb': '=' }),
    );
    expect(more).toEqual([]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: looking for them is the point
    expect(line).not.toMatch(/[\u0000-\u001f\u2028\u202e]/);
  });

  it('writes JSON that reads back, its own keys winning over fields of the same name', () => {
    const [line] = lines({ format: 'json' }, (log) => log.error('m "q"', { level: 'debug', n: 1 }));
    expect(JSON.parse(line ?? '')).toEqual({
      time: '2026-01-02T03:04:05.678Z',
      level: 'error',
      message: 'm "q"',
      n: 1,
    });
  });

  it('cuts an endless value', () => {
    expect(lines({}, (log) => log.info('m', { text: 'x'.repeat(100_000) }))[0]?.length).toBeLessThan(3000);
  });

  it('cuts an endless value in JSON without breaking the JSON', () => {
    const [line = ''] = lines({ format: 'json' }, (log) =>
      log.info('m', { text: '"'.repeat(100_000), in: { deep: ['x'.repeat(9000)] } }),
    );
    expect(line.length).toBeLessThan(20_000);
    expect(JSON.parse(line)).toMatchObject({ message: 'm' });
  });
});
