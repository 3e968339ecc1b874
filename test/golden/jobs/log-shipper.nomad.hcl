job "log-shipper" {
  type        = "system"
  datacenters = ["*"]
  priority    = 90

  constraint {
    attribute = "${attr.os.name}"
    operator  = "set_contains_any"
    value     = "ubuntu,debian"
  }

  update {
    max_parallel = 3
    stagger      = "10s"
  }

  group "shipper" {
    volume "journal" {
      type      = "host"
      source    = "var-log-journal"
      read_only = true
    }

    task "vector" {
      driver = "exec"
      user   = "vector"

      volume_mount {
        volume           = "journal"
        destination      = "/var/log/journal"
        read_only        = true
        propagation_mode = "host-to-task"
        selinux_label    = "z"
      }

      config {
        command = "/usr/bin/vector"
        args    = ["--config", "${NOMAD_TASK_DIR}/vector.toml"]
        cap_add = ["dac_read_search"]
      }

      template {
        destination     = "local/vector.toml"
        perms           = "600"
        uid             = 1000
        gid             = 1000
        left_delimiter  = "[["
        right_delimiter = "]]"
        change_mode     = "signal"
        change_signal   = "sighup"
        splay           = "30s"

        data = <<EOF
[sources.journal]
type = "journald"

[transforms.add]
source = '.node = "[[ env "node.unique.name" ]]"'
EOF
      }
    }
  }
}
