job "anonymous" {
  group "a" {
    network {
      port "http" {}
    }

    service {
      port = "http"
      check {
        type     = "http"
        path     = "/"
        interval = "10s"
        timeout  = "1s"
      }
    }

    task "web" {
      driver = "exec"
      config {
        command = "web"
      }

      service {
        port = "http"
      }

      service {
        name = "${BASE}-admin"
        port = "http"
      }

      service {
        name = "${JOB}-${TASKGROUP}-${TASK}"
        port = "http"
      }
    }
  }
}
