locals {
  groups = {
    api    = { count = 3, cpu = 800, command = "api" }
    worker = { count = 6, cpu = 1500, command = "worker" }
    admin  = { count = 1, cpu = 200, command = "admin" }
  }
  common_env = {
    LANG = "C.UTF-8"
    TZ   = "UTC"
  }
}

job "monolith" {
  namespace = "platform"

  dynamic "group" {
    for_each = local.groups
    labels   = [group.key]

    content {
      count = group.value.count

      dynamic "network" {
        for_each = group.key == "worker" ? [] : [1]

        content {
          port "http" {}
        }
      }

      task "main" {
        driver = "exec"

        config {
          command = "/opt/monolith/bin/${group.value.command}"
          args    = [for i in range(3) : format("--shard=%d/%d", i, group.value.count)]
        }

        env = merge(local.common_env, { ROLE = upper(group.key) })

        resources {
          cpu    = group.value.cpu
          memory = max(256, group.value.cpu / 2)
        }
      }
    }
  }
}
