job "vm" {
  task "vm" {
    driver = "qemu"
    config {
      image_path        = "local/linux.img"
      accelerator       = "kvm"
      graceful_shutdown = true
      args              = ["-nodefaults", "-nographic"]
    }
    artifact {
      source = "https://images.internal/linux.img.tar.gz"
    }
    resources {
      cpu    = 1000
      memory = 1024
    }
  }
}
