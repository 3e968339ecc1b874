job "postgres" {
  group "db" {
    volume "data" {
      type            = "csi"
      source          = "postgres-data"
      access_mode     = "single-node-writer"
      attachment_mode = "file-system"
      per_alloc       = true
      read_only       = false

      mount_options {
        fs_type     = "ext4"
        mount_flags = ["noatime", "nodiratime"]
      }
    }

    volume "wal" {
      type   = "host"
      source = "wal"
      sticky = true
    }

    disconnect {
      lost_after = "6h"
      replace    = false
      reconcile  = "keep_original"
    }

    task "postgres" {
      driver = "exec"
      user   = "postgres"

      volume_mount {
        volume      = "data"
        destination = "/var/lib/postgresql/data"
      }

      volume_mount {
        volume      = "wal"
        destination = "/var/lib/postgresql/wal"
      }

      config {
        command = "/usr/lib/postgresql/16/bin/postgres"
        args    = ["-D", "/var/lib/postgresql/data"]
      }

      kill_signal  = "SIGINT"
      kill_timeout = "5m"
    }
  }
}
