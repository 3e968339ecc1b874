job "py-worker" {
  datacenters = ["dc1"]

  group "worker" {
    count = 8

    meta {
      queue = "default"
    }

    task "celery" {
      driver = "exec"
      user   = "celery"

      config {
        command = "/opt/venv/bin/celery"
        args = [
          "-A", "app",
          "worker",
          "--hostname", "${NOMAD_ALLOC_ID}@%h",
          "--concurrency", "2",
        ]
      }

      env {
        PYTHONUNBUFFERED = 1
        BROKER_URL       = "redis://redis.service.internal:6379/${NOMAD_META_db}"
      }

      meta {
        db = 3
      }

      kill_timeout = "10m"
    }
  }
}
