#!/usr/bin/env node
/** The command line from its sources, on Node 24. */
import '../lib/main.ts';
