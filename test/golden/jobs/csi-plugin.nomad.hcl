job "csi-nfs-node" {
  type = "system"

  task "plugin" {
    driver = "docker"

    config {
      image      = "registry.k8s.io/sig-storage/nfsplugin:v4.6.0"
      privileged = true
    }

    csi_plugin {
      id                     = "nfs"
      type                   = "node"
      mount_dir              = "/csi"
      stage_publish_base_dir = "/local/csi"
      health_timeout         = "45s"
    }
  }
}
