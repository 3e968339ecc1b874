locals {
  mounts = {
    config = "/etc/app"
    data   = "/var/lib/app"
    cache  = "/var/cache/app"
  }
}

job "mounts" {
  group "g" {
    dynamic "volume" {
      for_each = local.mounts
      labels   = [volume.key]
      content {
        type      = "host"
        source    = "app-${volume.key}"
        read_only = volume.key == "config"
      }
    }

    task "t" {
      driver = "exec"
      config {
        command = "t"
      }

      dynamic "volume_mount" {
        for_each = local.mounts
        content {
          volume      = volume_mount.key
          destination = volume_mount.value
          read_only   = volume_mount.key == "config"
        }
      }
    }
  }
}
