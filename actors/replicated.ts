/** What dmz may know of the channels: those that are shown to it, with verifiers in place of passwords. */
import type { ReplicatedChannel } from '../domain/channel.ts';
import type { ChannelConfig } from '../domain/channel-settings.ts';
import type { Ids, Verifiers } from '../domain/ports.ts';

/** Makes them; a verifier is made again only where its login or password is another. */
export const replicatedBy = (
  needs: { readonly ids: Ids; readonly verifiers: Verifiers },
  salt: string,
): ((channels: readonly ChannelConfig[], passwords: ReadonlyMap<string, string>) => Promise<ReplicatedChannel[]>) => {
  const made = new Map<string, { readonly password: string; readonly login: string; readonly verifier: string }>();

  const verifierOf = async (name: string, login: string, password: string): Promise<string> => {
    const known = made.get(name);
    if (known?.login === login && known.password === password) return known.verifier;
    const verifier = await needs.verifiers.make(password, needs.ids.derived('salt', salt, name, login));
    made.set(name, { password, login, verifier });
    return verifier;
  };

  return async (channels, passwords) => {
    const shown: ReplicatedChannel[] = [];
    for (const channel of channels) {
      const { name, login, mail, clientCertificates, maxSize, maxSessions } = channel;
      const { temporaryNames, completeOn, markerSuffix } = channel;
      // Without a login, and without mail, there is nobody for dmz to let in.
      if (channel.invisibleToDmz || (login === undefined && mail === undefined)) continue;
      const password = passwords.get(name);
      const known = password === undefined || login === undefined;
      const verifier = known ? channel.verifier : await verifierOf(name, login, password);
      const publicKeys = channel.publicKeys.map(withoutComment);
      const proofs = { publicKeys, clientCertificates, ...(verifier === undefined ? {} : { verifier }) };
      const rules = mail === undefined ? {} : { mail: { ...mail, needsLogin: mail.needsLogin ?? login !== undefined } };
      const names = { name, ...(login === undefined ? {} : { login }) };
      shown.push({ ...names, ...proofs, maxSize, maxSessions, temporaryNames, completeOn, markerSuffix, ...rules });
    }
    return shown;
  };
};

const withoutComment = (line: string): string => line.trim().split(/\s+/).slice(0, 2).join(' ');
