job "nightly/report" {
  type = "batch"
  periodic {
    crons            = ["15 3 * * *", "@weekly"]
    time_zone        = "Europe/Berlin"
    prohibit_overlap = true
  }
  meta {
    team = "data"
  }
  group "report" {
    restart {
      attempts = 1
    }
    task "main" {
      driver = "docker"
      config {
        image   = "debian:13"
        command = "/bin/echo"
        args    = ["${NOMAD_META_team}", "${NOMAD_JOB_ID}"]
      }
      artifact {
        source = "https://example.com/report.tar.gz"
      }
    }
  }
}
