job "choosy" {
  affinity {
    attribute = "${node.datacenter}"
    value     = "fra1"
    weight    = 100
  }

  group "g" {
    affinity {
      attribute = "${meta.rack}"
      operator  = "!="
      value     = "r1"
      weight    = -50
    }

    spread {
      attribute = "${meta.rack}"
    }

    constraint {
      operator = "distinct_hosts"
      value    = "true"
    }

    constraint {
      distinct_property = "${meta.rack}"
      value             = "3"
    }

    task "t" {
      driver = "exec"
      config {
        command = "true"
      }

      affinity {
        attribute        = "${attr.cpu.modelname}"
        set_contains_any = "xeon,epyc"
      }

      affinity {
        attribute = "${attr.vault.version}"
        semver    = ">= 1.14.0"
        weight    = 10
      }

      constraint {
        attribute    = "${attr.os.signals}"
        set_contains = "SIGHUP,SIGUSR1"
      }
    }
  }
}
