/** @module What the launchers of an allocation have measured, in Nomad's shape. Used by allocation-handlers.ts. */
import type { UsageMessage } from "../../contract/frames.ts";

/** Percent are of one core, ticks are MHz, sizes are bytes. */
type ResourceUsage = {
  readonly MemoryStats: { readonly RSS: number; readonly Cache: number; readonly Swap: number; readonly Usage: number; readonly MaxUsage: number; readonly KernelUsage: number; readonly KernelMaxUsage: number; readonly MappedFile: number; readonly Measured: readonly string[] | null };
  readonly CpuStats: { readonly SystemMode: number; readonly UserMode: number; readonly TotalTicks: number; readonly ThrottledPeriods: number; readonly ThrottledTime: number; readonly Percent: number; readonly Measured: readonly string[] | null };
  readonly DeviceStats: readonly [] | null;
};

type Scale = { readonly mhzPerCore: number; /** Epoch ms. */ readonly now: number };

const NS_PER_MS = 1_000_000;

/** Of an allocation that runs nothing. */
const NOTHING: ResourceUsage = {
  MemoryStats: { RSS: 0, Cache: 0, Swap: 0, Usage: 0, MaxUsage: 0, KernelUsage: 0, KernelMaxUsage: 0, MappedFile: 0, Measured: null },
  CpuStats: { SystemMode: 0, UserMode: 0, TotalTicks: 0, ThrottledPeriods: 0, ThrottledTime: 0, Percent: 0, Measured: null },
  DeviceStats: null,
};

/** The allocation's own figures are the sums of its tasks'. */
export function allocationUsage(tasks: readonly { readonly task: string; readonly usage: UsageMessage }[], scale: Scale) {
  return {
    ResourceUsage: { ...(tasks.length === 0 ? NOTHING : resourceUsage(sumOf(tasks.map(({ usage }) => usage)), scale)), DeviceStats: [] },
    Tasks: Object.fromEntries(tasks.map(({ task, usage }) => [task, { ResourceUsage: resourceUsage(usage, scale), Timestamp: usage.timestamp, Pids: null }])),
    Timestamp: tasks.length === 0 ? 0 : scale.now * NS_PER_MS,
  };
}

function sumOf(usages: readonly UsageMessage[]): UsageMessage {
  const sum = (name: keyof UsageMessage) => usages.reduce((total, usage) => total + usage[name], 0);
  return {
    rss: sum("rss"), cache: sum("cache"), swap: sum("swap"), usage: sum("usage"), maxUsage: sum("maxUsage"),
    userPercent: sum("userPercent"), systemPercent: sum("systemPercent"), timestamp: Math.max(...usages.map(({ timestamp }) => timestamp)),
  };
}

function resourceUsage(usage: UsageMessage, { mhzPerCore }: Scale): ResourceUsage {
  const percent = usage.userPercent + usage.systemPercent;
  return {
    MemoryStats: {
      RSS: usage.rss, Cache: usage.cache, Swap: usage.swap, Usage: usage.usage, MaxUsage: usage.maxUsage, KernelUsage: 0, KernelMaxUsage: 0, MappedFile: 0,
      Measured: ["RSS", "Cache", "Swap", "Usage", "Max Usage"],
    },
    CpuStats: {
      SystemMode: usage.systemPercent, UserMode: usage.userPercent, TotalTicks: (percent / 100) * mhzPerCore, ThrottledPeriods: 0, ThrottledTime: 0, Percent: percent,
      Measured: ["System Mode", "User Mode", "Percent"],
    },
    DeviceStats: null,
  };
}
