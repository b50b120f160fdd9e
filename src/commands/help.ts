/** The exit codes of all commands, and of the service. */
export const EXIT_CODES = { ok: 0, failed: 1, usage: 2 } as const;

export const HELP = `models-gateway answers GET /v1/models on behalf of LLM providers.

Usage: models-gateway [option]

  (no option)    Start the service. It ends on SIGTERM, SIGINT or SIGHUP.
  --check        Check the configuration and print what would be asked, where, and with which variable's key.
                 Nothing is asked, and nothing is started.
  --check --ask  The same, and ask each provider for its list: status, time and number of models.
  --version, -v  Print the version.
  --help, -h     Print this text.

The configuration comes from environment variables, and from a file .env in the working directory.
docs/configuration.md and .env.example list the variables.

Exit codes:
  0  The command succeeded, or the service was ended by a signal.
  1  --check: the configuration is not valid, something is missing, or a provider gave no list.
     Without an option: the service could not start.
  2  The command line is not valid.
`;
