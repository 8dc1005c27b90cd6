/** Text that one person writes for others to read: a reason, a description, an e-mail address. What is there has to be seen. */
import * as z from 'zod/mini';

/** These would forge lines and move the cursor where the text is printed; or are broken text. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;
const CONTROL_BUT_LINE_BREAKS = /[^\P{Cc}\t\n\r]|[\p{Zl}\p{Zp}\p{Cs}]/u;
/** What comes after them is shown in another order than it is stored in. */
const TURNS_DIRECTION = /\p{Bidi_Control}/u;
/** Not a space, not of zero width, not a blank that counts as a letter (Hangul fillers, the empty Braille pattern). */
const SEEN = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;

const NO_TURNS = 'must not hold characters that turn the direction of writing';
const NOT_BLANK = 'must hold something that can be seen';

export const readableLine = z.string().check(
  z.refine((text) => !CONTROL.test(text), 'must be one line, without control characters'),
  z.refine((text) => !TURNS_DIRECTION.test(text), NO_TURNS),
  z.refine((text) => SEEN.test(text), NOT_BLANK),
);

/** May be empty, and may have several lines. */
export const readableLines = z.string().check(
  z.refine((text) => !CONTROL_BUT_LINE_BREAKS.test(text), 'must not hold control characters'),
  z.refine((text) => !TURNS_DIRECTION.test(text), NO_TURNS),
  z.refine((text) => text === '' || SEEN.test(text), NOT_BLANK),
);
