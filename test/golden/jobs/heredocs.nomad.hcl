job "heredocs" {
  type = "batch"

  task "script" {
    driver = "exec"

    config {
      command = "/bin/bash"
      args = ["-c", <<-SH
        set -euo pipefail
        for f in $(ls /alloc); do
          echo "$f" | awk '{ print $1 }'
        done
        SH
      ]
    }

    env {
      MULTI = <<EOF
first line
	tab and "quotes" and \n no escape
${NOMAD_JOB_NAME}
EOF
    }
  }
}
