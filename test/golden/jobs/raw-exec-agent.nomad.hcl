job "node-agent" {
  type = "system"

  constraint {
    attribute = "${meta.agent}"
    operator  = "is_set"
  }

  constraint {
    attribute = "${attr.nomad.version}"
    version   = ">= 1.6, < 3.0"
  }

  constraint {
    attribute = "${node.class}"
    regexp    = "^(?i)(compute|storage)-[0-9]+$"
  }

  task "agent" {
    driver = "raw_exec"
    user   = "root"

    config {
      command        = "/opt/agent/agent"
      cgroup_v2_override = "agent.slice"
    }
  }
}
