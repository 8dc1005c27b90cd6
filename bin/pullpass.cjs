#!/usr/bin/env node
/**
 * What npm installs as `pullpass`: runs the compiled program of the package, or in a clone its sources. CommonJS without
 * anything new in it, so that a Node that is too old gets a sentence and not a stack trace.
 */
'use strict';
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const process = require('node:process');

const isClone = existsSync(join(__dirname, 'pullpass.ts'));
/** Only Node 24 runs all of the sources as they are. */
const oldest = isClone ? [24, 0] : [22, 13];
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  const wanted = isClone ? '24' : oldest.join('.');
  process.stderr.write(
    `pullpass: this is Node ${process.versions.node}, and Pullpass needs Node ${wanted} or later: install a newer Node\n`,
  );
  process.exitCode = 1;
} else {
  const { emitWarning } = process;
  // Node 22 says at each start of `serve` that its SQLite is experimental.
  process.emitWarning = (warning, ...rest) => {
    if (rest[0] !== 'ExperimentalWarning') emitWarning.call(process, warning, ...rest);
  };
  void import(isClone ? './pullpass.ts' : '../dist/main.js');
}
