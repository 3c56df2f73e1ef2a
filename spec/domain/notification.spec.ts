import { describe, expect, it } from 'vitest';
import { type Alarm, noticeName, noticeOf } from '../../domain/notification.ts';

const at = Date.UTC(2026, 0, 2, 3, 4, 5);
const alarm = (message: string, fields: Alarm['fields'] = {}): Alarm => ({ at, message, fields });

describe('a notification', () => {
  it('says what happened, when, and of what, a line each, and how many it leaves out', () => {
    const text = noticeOf('inner-1', [alarm('the disk is nearly full', { free: 12 }), alarm('a step is broken')], 3);
    expect(text.split('\r\n')).toEqual([
      ...['Alarms of inner-1. Its log has them, too.', ''],
      '2026-01-02T03:04:05.000Z the disk is nearly full free=12',
      '2026-01-02T03:04:05.000Z a step is broken',
      ...['and 3 more, which stand in the log only', ''],
    ]);
  });

  it('stays in its lines, whatever a partner wrote into a name', () => {
    const text = noticeOf('inner-1', [alarm('held', { name: 'a\r\nBcc: x\u0000\u0085', why: 'x'.repeat(9_000) })], 0);
    const lines = text.split('\r\n');
    expect(lines).toHaveLength(4);
    expect(lines[2]).toContain('name="a\\r\\nBcc: x\\u0000 "');
    expect(lines[2]).toHaveLength(2_001);
  });

  it('has a name that tells when', () => {
    expect(noticeName(at)).toBe('alarms-2026-01-02T03-04-05Z.txt');
  });
});
