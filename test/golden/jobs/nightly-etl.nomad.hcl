job "nightly-etl" {
  datacenters = ["*"]
  type        = "batch"
  priority    = 30

  periodic {
    enabled          = true
    crons            = ["30 2 * * 1-5", "0 5 * * 6"]
    prohibit_overlap = true
    time_zone        = "Europe/Berlin"
  }

  reschedule {
    attempts       = 3
    interval       = "12h"
    delay          = "1m"
    delay_function = "fibonacci"
    max_delay      = "20m"
    unlimited      = false
  }

  group "etl" {
    ephemeral_disk {
      size    = 4000
      sticky  = true
      migrate = true
    }

    restart {
      attempts         = 2
      interval         = "30m"
      delay            = "30s"
      mode             = "fail"
      render_templates = true
    }

    max_run_duration = "6h"

    task "extract" {
      driver = "exec"

      lifecycle {
        hook = "prestart"
      }

      config {
        command = "/usr/local/bin/extract"
        args    = ["--day", "yesterday", "--out", "${NOMAD_ALLOC_DIR}/raw"]
      }

      resources {
        cpu    = 1000
        memory = 2048
      }
    }

    task "load" {
      driver = "exec"
      leader = true

      config {
        command  = "/bin/sh"
        args     = ["-c", "load < ${NOMAD_ALLOC_DIR}/raw/all.csv"]
        work_dir = "/alloc/raw"
      }

      template {
        destination = "secrets/db.env"
        env         = true
        change_mode = "noop"
        once        = true

        data = <<-EOT
          PGHOST=db.internal
          PGUSER={{ env "NOMAD_JOB_NAME" }}
          EOT
      }

      logs {
        max_files     = 3
        max_file_size = 50
      }
    }
  }
}
