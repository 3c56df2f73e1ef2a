/** The scenarios, by wire name. */
import { cronGet } from './cron-get.ts';
import { innerOnly } from './inner-only.ts';
import { innerSends } from './inner-sends.ts';
import { partnerSends } from './partner-sends.ts';
import { processAgain } from './process-again.ts';
import { processPart } from './process-part.ts';
import { provide } from './provide.ts';
import { responseSend } from './response-send.ts';
import type { Scenario } from './scenario.ts';

export type { Scenario } from './scenario.ts';

const all: readonly Scenario[] = [
  partnerSends,
  cronGet,
  responseSend,
  provide,
  innerSends,
  innerOnly,
  processAgain,
  processPart,
];

/** Every scenario. */
export const scenarios: Readonly<Record<string, Scenario>> = Object.fromEntries(all.map((each) => [each.id, each]));
