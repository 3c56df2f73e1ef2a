/** Text from outside made safe for a terminal or a log line: control and direction characters are shown as \uXXXX, and what is longer than `longest` is cut. */
export const printable = (text: string, longest = 2000): string => {
  const whole = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return whole.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
};

// C0, DEL, C1, line and paragraph separators, and the marks that reorder what a person reads.
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
