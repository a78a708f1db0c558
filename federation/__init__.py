"""Members as operating system processes: keys, links, disks and clocks around the same participant."""
