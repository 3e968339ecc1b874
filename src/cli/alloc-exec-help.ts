/** @module The help text of alloc exec. */

export const ALLOC_EXEC_HELP = `Usage: nomad-bridge alloc exec [options] <allocation> <command> [<args>...]
       nomad-bridge alloc exec [options] -job <job> <command> [<args>...]

  Run a command inside a running task and pass its input, output and exit code
  through. Alias: nomad-bridge exec. Options end at the first argument that is
  not one, so everything after the allocation belongs to the command.

  With ACLs, the token needs alloc-exec, read-job and list-jobs in the
  allocation's namespace, and alloc-node-exec for a task without its own file
  system (raw_exec).

Examples:

  A shell in the only task of an allocation:

    $ nomad-bridge alloc exec eb17e557 /bin/bash

  One command in one of several tasks, for a script:

    $ nomad-bridge alloc exec -task web eb17e557 cat /etc/resolv.conf

  A variable of the task, not of this shell, needs a shell there and quotes here:

    $ nomad-bridge alloc exec eb17e557 /bin/sh -c 'echo $NOMAD_ALLOC_ID'

  Any allocation of a job, with a script as input:

    $ nomad-bridge alloc exec -job web /bin/sh < check.sh

Exec options:

  -task=<name>       The task to run in. Needed if the group has more than one.
  -job               The first argument is a job ID or a prefix of one; a random
                     running allocation of that job is used.
  -group=<name>      With -job: only allocations of this task group.
  -i                 Pass standard input on (default: true). -i=false gives the
                     command an empty input.
  -t                 Give the command a terminal (default: true if standard input
                     and standard output are terminals). -it is short for -i -t.
  -e=<character>     Escape character of a terminal session (default: ~). At the
                     start of a line, the character and a dot close the session;
                     "none" switches this off.

General options (each also as an environment variable; the option wins):

  -address=<addr>         http://, https:// or unix:// address of the API.
                          NOMAD_ADDR, default http://127.0.0.1:4646
  -region=<region>        NOMAD_REGION
  -namespace=<namespace>  NOMAD_NAMESPACE; "*" looks in all namespaces
  -token=<secret>         Secret ID of an ACL token. NOMAD_TOKEN
  -ca-cert=<file>         PEM file to verify the server with. NOMAD_CACERT
  -ca-path=<directory>    Directory of such files; -ca-cert wins. NOMAD_CAPATH
  -client-cert=<file>     PEM client certificate. NOMAD_CLIENT_CERT
  -client-key=<file>      Its unencrypted key. NOMAD_CLIENT_KEY
  -tls-server-name=<name> Name to expect in the certificate. NOMAD_TLS_SERVER_NAME
  -tls-skip-verify        Do not verify the certificate. NOMAD_SKIP_VERIFY
  -no-color               No colored messages. NOMAD_CLI_NO_COLOR
  -force-color            Colored messages without a terminal too.
                          NOMAD_CLI_FORCE_COLOR

  NOMAD_HTTP_AUTH=<user>[:<password>] adds HTTP basic authentication.
`;
