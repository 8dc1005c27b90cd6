/** Where a bug is, without its message: that may quote what was being worked on. */
export function whereThrown(error: unknown): { readonly name: string; readonly frames: string } {
  if (!(error instanceof Error)) return { name: typeof error, frames: '' };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const nearest = frames.slice(0, 8).map((line) => line.trim());
  return { name: error.name, frames: nearest.join(' < ') };
}
