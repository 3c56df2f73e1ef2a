/** An index over a channel and a time together: of one channel, ordered by time. */
export const channelAt = (channel: string, at: number): string => `${channel}\n${String(at).padStart(15, '0')}`;

/** All that the index has of one channel. */
export const allOf = (channel: string) => ({ from: `${channel}\n`, to: `${channel}\n~` });
