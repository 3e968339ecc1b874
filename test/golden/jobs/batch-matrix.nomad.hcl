locals {
  versions = ["1.22", "1.23"]
  systems  = ["linux", "darwin"]
  matrix   = [for pair in setproduct(local.versions, local.systems) : { go = pair[0], os = pair[1] }]
}

job "build-matrix" {
  type = "batch"

  group "build" {
    dynamic "task" {
      for_each = local.matrix
      iterator = cell
      labels   = ["build-${replace(cell.value.go, ".", "-")}-${cell.value.os}"]

      content {
        driver = "exec"

        config {
          command = "/usr/local/go${cell.value.go}/bin/go"
          args    = ["build", "./..."]
        }

        env {
          GOOS  = cell.value.os
          INDEX = cell.key
        }

        resources {
          cpu    = 250
          memory = 256
        }
      }
    }

    ephemeral_disk {
      size = 2000
    }
  }
}
