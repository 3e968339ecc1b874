variable "regions" {
  type    = map(object({ datacenters = list(string), weight = number }))
  default = {
    eu = { datacenters = ["fra1", "fra2"], weight = 70 }
    us = { datacenters = ["iad1"], weight = 30 }
  }
}

variable "debug" {
  type    = bool
  default = false

  validation {
    condition     = var.debug == false || var.debug == true
    error_message = "The value of debug is true or false."
  }
}

variables {
  owner = "data-platform"
}

locals {
  all_dcs = flatten([for name, region in var.regions : region.datacenters])
  level   = var.debug ? "debug" : "info"
  digest  = substr(sha256(jsonencode(var.regions)), 0, 12)
}

job "configured" {
  datacenters = local.all_dcs

  meta {
    owner  = var.owner
    digest = local.digest
  }

  dynamic "constraint" {
    for_each = var.debug ? ["debug"] : []
    content {
      attribute = "${meta.mode}"
      value     = constraint.value
    }
  }

  spread {
    attribute = "${node.datacenter}"

    dynamic "target" {
      for_each = { for name, region in var.regions : region.datacenters[0] => region.weight }
      labels   = [target.key]
      content {
        percent = target.value
      }
    }
  }

  task "t" {
    driver = "exec"

    config {
      command = "t"
      args = concat(
        ["--log-level", local.level],
        [for dc in local.all_dcs : "--dc=${dc}" if dc != "iad1"],
      )
    }
  }
}
