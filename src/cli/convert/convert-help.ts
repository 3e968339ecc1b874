/** @module The help text of convert. */

export const CONVERT_HELP = `Usage: nomad-bridge convert [options] <file>...

  Turns Nomad job files into Kubernetes objects, and says of every field that
  something is lost of, or changed, where it stands, how serious that is, and
  what to do. Changes nothing in any cluster.

  <file> is a job in HCL, Nomad's JSON, or a NomadJob; "-" is standard input.
  The objects go to standard output, or into -out; the report goes to standard
  error, to standard output with -out, or into -report-file.

Options (one dash or two):

  -to=<kind>          What to make. Default: nomadjob
                        nomadjob    the whole job, lossless, for this server
                        exectask    an ExecTask for each group that one can say
                        kubernetes  Deployment, Job, DaemonSet, CronJob, Service,
                                    ConfigMap and Secret, which need no server
                        json        Nomad's own JSON, for nomad job run -json
  -var <name>=<value> Value of a variable of the file. Several times.
  -var-file=<file>    File of such values. Several times. NOMAD_VAR_<name> too.
  -n, -namespace=<ns> Namespace of the objects. Default: the job's
  -config=<file>      BridgeConfig to judge by. Default: Nomad's own defaults
  -image=<image>      With -to=kubernetes: image for tasks that name none
  -out=<directory>    Writes a file for each job there
  -report=<format>    text, json or markdown. Default: text
  -report-file=<file> Where the report goes
  -strict             Exit code 3 where anything is lost

Exit codes: 0, all files are converted; 1, one is not, or its job will not run;
2, the options are wrong; 3, -strict and something is lost.

Examples:

  What a job becomes, into the cluster:

    $ nomad-bridge convert web.nomad.hcl | kubectl apply -f -

  What would be lost, for a script; the exit code says whether anything is:

    $ nomad-bridge convert -strict -report=json -report-file=loss.json web.nomad.hcl > /dev/null

  A folder of jobs, and a page for a review:

    $ nomad-bridge convert -out=objects -report=markdown -report-file=report.md jobs/*.hcl

  Away from Nomad altogether, with an image for exec tasks:

    $ nomad-bridge convert -to=kubernetes -image=debian:13 web.nomad.hcl

  There and back:

    $ nomad-bridge convert web.nomad.hcl | nomad-bridge convert -to=json -
`;
