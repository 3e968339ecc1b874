job "templated" {
  task "server" {
    driver = "exec"

    config {
      command = "local/run.sh"
    }

    template {
      source               = "https://config.internal/server.tmpl"
      destination          = "local/server.conf"
      error_on_missing_key = true
      change_mode          = "script"
      vault_grace          = "0s"

      change_script {
        command             = "/bin/reload"
        args                = ["-v", "server"]
        timeout             = "20s"
        fail_on_error       = true
        run_on_first_render = true
      }

      wait {
        min = "2s"
        max = "60s"
      }
    }

    template {
      destination = "local/run.sh"
      perms       = "755"
      data        = <<-EOF
        #!/bin/sh
        # ${NOMAD_TASK_NAME} is replaced when the task starts; $${HOME} is not.
        exec /usr/bin/server -p {{ env "NOMAD_PORT_http" }} \
          -d "$HOME/data"
      EOF
    }

    template {
      destination = "secrets/list.txt"
      data        = <<EOT
%{ for name in ["a", "b", "c"] ~}
item ${name}
%{ endfor ~}
EOT
    }
  }
}
