job "uses-nomad-vars" {
  task "t" {
    driver = "exec"
    config {
      command = "t"
    }
    template {
      destination = "secrets/env"
      env         = true
      data        = <<EOH
{{ with nomadVar "nomad/jobs/uses-nomad-vars" }}
PASSWORD={{ .password }}
{{ end }}
{{ range nomadService "db" }}DB={{ .Address }}:{{ .Port }}
{{ end }}
EOH
    }
  }
}
