import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { temporary } from '../../domain/failure.ts';
import type { PayloadRef } from '../../domain/payload.ts';
import type { Ids } from '../../domain/ports.ts';
import { chooseProfile, needsDmz, type Profile, type Response } from '../../domain/profile.ts';
import type { Folded } from '../../domain/transfer/fold.ts';
import type { Creation, Fact, TargetOf } from '../../domain/transfer/vocabulary.ts';
import type { Step } from '../step.ts';
import type { Streams } from '../streams.ts';
import type { Perform } from './perform.ts';

/** What responses need to know of the world: which dmz to ask, and how long a channel's provided files are kept. */
export type Routes = {
  readonly dmz: () => string | undefined;
  readonly keeping: (channel: string) => Pick<TargetOf<'home'>, 'keepFor' | 'afterPickUp'>;
};

/**
 * First pins the profile, then runs its steps, each a record of its own, then creates the responses, each a transfer of
 * its own. Without a matching profile the transfer is held: data is never thrown away for want of a profile.
 */
export const process =
  (profilesNow: () => readonly Profile[], routes: Routes, perform: Perform, streams: Streams, ids: Ids): Step =>
  (folded, signal) =>
  async () => {
    const { transfer } = folded;
    const profiles = profilesNow();
    if (transfer.profile === undefined) {
      const chosen = chooseProfile(profiles, transfer);
      if (chosen !== undefined) return right([{ type: 'matched', data: { profile: chosen.name } }]);
      const reason = `no profile matches "${transfer.name}" on channel ${transfer.channel}`;
      return right([{ type: 'held', data: { code: 'noProfile', reason } }]);
    }
    const profile = profiles.find((each) => each.name === transfer.profile);
    const payload = transfer.copy ?? transfer.payload;
    if (profile === undefined || payload === undefined) {
      const reason = `its profile ${transfer.profile} is no longer in the config`;
      return right([{ type: 'held', data: { code: 'noProfile', reason } }]);
    }
    const step = profile.steps[transfer.stepsDone];
    if (step !== undefined) {
      const done = await perform(step, folded, payload, signal)();
      return isLeft(done) ? done : right([{ type: 'stepDone', data: done.right }]);
    }
    if (routes.dmz() === undefined && profile.responses.some(needsDmz))
      return left(temporary('noDmz', 'no dmz is configured; it waits for one'));
    const responses: string[] = [];
    for (const [index, response] of profile.responses.entries()) {
      // Without the run: a retry that comes while responses are being created must not create them twice.
      const id = ids.derived('response', folded.id, index);
      const created = await streams.record(id, 'create', (existing) =>
        right(existing === undefined ? [creation(folded, response, payload, index, routes)] : []),
      );
      if (isLeft(created)) return left(temporary('log', created.left.text));
      responses.push(id);
    }
    const parts = transfer.parts.length === 0 ? {} : { parts: [...transfer.parts] };
    return right([{ type: 'processed', data: { responses, ...parts } }]);
  };

const creation = (
  { id, transfer }: Folded,
  response: Response,
  payload: PayloadRef,
  index: number,
  routes: Routes,
): Fact => {
  const { keeping } = routes;
  const dmz = (): string => routes.dmz() ?? '';
  const { directory } = response;
  const [name, parent] = [transfer.name, { transfer: id, index, run: transfer.run }];
  const made = (data: Creation): Fact => ({ type: 'created', data });
  if (response.kind === 'file')
    return made({
      ...{ scenario: 'innerOnly', channel: transfer.channel, payload, parent },
      target: { kind: 'file', directory, name },
    });
  const { channel } = response;
  if (response.kind === 'provide')
    return made({
      ...{ scenario: 'provide', channel, payload, parent, dmz: dmz() },
      target: { kind: 'home', directory, name, ...keeping(channel) },
    });
  const target = { kind: 'partner', directory, name } as const;
  return response.viaDmz
    ? made({ scenario: 'responseSend', channel, payload, parent, dmz: dmz(), target })
    : made({ scenario: 'innerSends', channel, payload, parent, target });
};
