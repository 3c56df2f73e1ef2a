/** The scenarios, by wire name. */
import { innerOnly } from './inner-only.ts';
import { partnerSends } from './partner-sends.ts';
import type { Scenario } from './scenario.ts';

export type { Scenario } from './scenario.ts';

const all: readonly Scenario[] = [partnerSends, innerOnly];

/** Every scenario. */
export const scenarios: Readonly<Record<string, Scenario>> = Object.fromEntries(all.map((each) => [each.id, each]));
