import { runProgram } from './cli/program.ts';

process.exitCode = await runProgram({
  argv: process.argv.slice(2),
  environment: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
});
