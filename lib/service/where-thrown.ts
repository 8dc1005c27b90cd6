/** Where a bug is, without its message: that may quote what was being worked on. */
export function whereThrown(error: unknown): { readonly name: string; readonly frames: string } {
  if (!(error instanceof Error)) return { name: typeof error, frames: '' };
  // A message of several lines may look like frames, so it is taken off first.
  const { stack = '', message } = error;
  const afterMessage = stack.includes(message) ? stack.slice(stack.indexOf(message) + message.length) : '';
  const frames = afterMessage.split('\n').filter((line) => /^\s+at /.test(line));
  const nearest = frames.slice(0, 8).map((line) => line.trim());
  return { name: error.name, frames: nearest.join(' < ') };
}
