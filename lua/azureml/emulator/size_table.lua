--- List the sizes of a region by family, as the live service listed those of eastus on 2025-11-04
--- with api-version 2024-04-01. The families that the recorded usages show come first, in the order
--- of that recording. sizes.lua reads this table.
--- Source: the recording of Get-AzMLServiceVMSize in Azure/azure-powershell,
--- src/MachineLearningServices/MachineLearningServices.Autorest/test.
--- Not in the recording: the prices with three decimals, which are those of the public price list;
--- and the sizes NC6, NC12, ND6s and NV6, which were retired in 2023 and whose families the
--- recorded usages and quotas still show.

-- family, its sizes. A line has the name without "Standard_", the vCPUs, the GPUs, the GB of
-- memory, the MB of temporary disk, the kinds of compute (A: AmlCompute, C: ComputeInstance,
-- M: MIR, S: AmlSpark) and the USD an hour under Linux. The service lists no price for a size with
-- "-". A "!" marks a size without low-priority machines.
return {
  { "standardDFamily", [[
    D1 1 0 3.5 51200 A 0.077
    D2 2 0 7 102400 AC 0.154
    D3 4 0 14 204800 AC -
    D4 8 0 28 409600 AC -
    D11 2 0 14 102400 AC -
    D12 4 0 28 204800 AC -
    D13 8 0 56 409600 AC -
    D14 16 0 112 819200 AC -
  ]] },
  { "standardDv2Family", [[
    D1_v2 1 0 3.5 51200 A 0.073
    D2_v2 2 0 7 102400 AC 0.146
    D3_v2 4 0 14 204800 AC 0.293
    D4_v2 8 0 28 409600 AC 0.585
    D11_v2 2 0 14 102400 AC -
    D12_v2 4 0 28 204800 AC -
    D13_v2 8 0 56 409600 AC -
    D14_v2 16 0 112 819200 AC -
    D15_v2 20 0 140 1024000 AC -
  ]] },
  { "standardDv3Family", [[
    D2_v3 2 0 8 51200 AC 0.1
    D4_v3 4 0 16 102400 AC 0.19
    D8_v3 8 0 32 204800 AC 0.38
    D16_v3 16 0 64 409600 AC 0.77
    D32_v3 32 0 128 819200 AC 1.54
    D64_v3 64 0 256 1638400 AC 3.07
  ]] },
  { "standardDSv2Family", [[
    DS1_v2 1 0 3.5 7168 ACM 0.073
    DS2_v2 2 0 7 14336 ACM 0.146
    DS3_v2 4 0 14 28672 ACM 0.293
    DS4_v2 8 0 28 57344 ACM 0.585
    DS5_v2 16 0 56 114688 ACM 1.170
    DS11_v2 2 0 14 28672 AC 0.185
    DS12_v2 4 0 28 57344 AC 0.371
    DS13_v2 8 0 56 114688 AC 0.741
    DS14_v2 16 0 112 229376 AC 1.482
    DS15_v2 20 0 140 286720 AC -
  ]] },
  { "standardDSv3Family", [[
    D2s_v3 2 0 8 16384 AC 0.1
    D4s_v3 4 0 16 32768 AC 0.19
    D8s_v3 8 0 32 65536 AC 0.38
    D16s_v3 16 0 64 131072 AC 0.77
    D32s_v3 32 0 128 262144 AC 1.54
    D64s_v3 64 0 256 524288 AC 3.07
  ]] },
  { "standardFSv2Family", [[
    F2s_v2 2 0 4 16384 ACM 0.085
    F4s_v2 4 0 8 32768 ACM 0.169
    F8s_v2 8 0 16 65536 ACM 0.338
    F16s_v2 16 0 32 131072 ACM 0.677
    F32s_v2 32 0 64 262144 ACM -
    F48s_v2 48 0 96 393216 ACM -
    F64s_v2 64 0 128 524288 ACM -
    F72s_v2 72 0 144 589824 ACM -
  ]] },
  { "standardNCFamily", [[
    NC6 6 1 56 389120 ACM 0.900
    NC12 12 2 112 696320 ACM 1.800
  ]] },
  { "standardNCSv3Family", [[
    NC6s_v3 6 1 112 753664 ACM 3.06
    NC12s_v3 12 2 224 1509376 ACM 6.12
    NC24s_v3 24 4 448 3018752 ACM 12.24
    NC24rs_v3 24 4 448 3018752 AC 13.46
  ]] },
  { "standardNDSFamily", [[
    ND6s 6 1 112 753664 ACM 2.070
  ]] },
  { "standardNVFamily", [[
    NV6 6 1 56 389120 ACM 1.140
  ]] },
  { "standardEv3Family", [[
    E2_v3 2 0 16 51200 AC 0.13
    E4_v3 4 0 32 102400 AC 0.25
    E8_v3 8 0 64 204800 AC 0.5
    E16_v3 16 0 128 409600 AC 1.01
    E32_v3 32 0 256 819200 AC 2.02
    E48_v3 48 0 384 1228800 AC 3.02
    E64_v3 64 0 432 1638400 AC 3.63
  ]] },
  { "standardDDSv4Family", [[
    D2ds_v4 2 0 8 76800 AC 0.11
    D4ds_v4 4 0 16 153600 AC 0.23
    D8ds_v4 8 0 32 307200 AC 0.45
    D16ds_v4 16 0 64 614400 AC 0.9
    D32ds_v4 32 0 128 1228800 AC 1.81
    D48ds_v4 48 0 192 1843200 AC 2.71
    D64ds_v4 64 0 256 2457600 AC 3.62
  ]] },
  { "standardESv3Family", [[
    E2s_v3 2 0 16 32768 MAC 0.13
    E4s_v3 4 0 32 65536 MSAC 0.25
    E8s_v3 8 0 64 131072 MSAC 0.5
    E16s_v3 16 0 128 262144 MSAC 1.01
    E32s_v3 32 0 256 524288 MSAC 2.02
    E48s_v3 48 0 384 786432 MAC 3.02
    E64s_v3 64 0 432 884736 MSAC 3.63
  ]] },
  { "Standard NCASv3_T4 Family", [[
    NC4as_T4_v3 4 1 28 180224 ACM 0.53
    NC8as_T4_v3 8 1 56 360448 ACM 0.75
    NC16as_T4_v3 16 1 110 360448 ACM 1.2
    NC64as_T4_v3 64 4 440 2883584 ACM! 4.35
  ]] },
  { "standardAv2Family", [[
    A1_v2 1 0 2 10240 AC -
    A2_v2 2 0 4 20480 AC -
    A4_v2 4 0 8 40960 AC -
    A8_v2 8 0 16 81920 AC -
    A2m_v2 2 0 16 20480 AC -
    A4m_v2 4 0 32 40960 AC -
    A8m_v2 8 0 64 81920 AC -
  ]] },
  { "standardDADSv5Family", [[
    D2ads_v5 2 0 8 76800 ACM 0.1
    D4ads_v5 4 0 16 153600 ACM 0.21
    D8ads_v5 8 0 32 307200 ACM 0.41
    D16ads_v5 16 0 64 614400 ACM 0.82
    D32ads_v5 32 0 128 1228800 ACM 1.65
    D48ads_v5 48 0 192 1843200 ACM 2.47
    D64ads_v5 64 0 256 2457600 ACM 3.3
    D96ads_v5 96 0 384 3686400 ACM 4.94
  ]] },
  { "standardDASv4Family", [[
    D2as_v4 2 0 8 16384 ACM 0.1
    D4as_v4 4 0 16 32768 ACM 0.19
    D8as_v4 8 0 32 65536 ACM 0.38
    D16as_v4 16 0 64 131072 ACM 0.77
    D32as_v4 32 0 128 262144 ACM 1.54
    D48as_v4 48 0 192 393216 ACM 2.3
    D64as_v4 64 0 256 524288 ACM 3.07
    D96as_v4 96 0 384 786432 ACM 4.61
  ]] },
  { "standardDAv4Family", [[
    D2a_v4 2 0 8 51200 ACM 0.1
    D4a_v4 4 0 16 102400 ACM 0.19
    D8a_v4 8 0 32 204800 ACM 0.38
    D16a_v4 16 0 64 409600 ACM 0.77
    D32a_v4 32 0 128 819200 ACM 1.54
    D48a_v4 48 0 192 1228800 ACM 2.3
    D64a_v4 64 0 256 1638400 ACM 3.07
    D96a_v4 96 0 384 2457600 ACM 4.61
  ]] },
  { "standardDDSv5Family", [[
    D2ds_v5 2 0 8 76800 ACM 0.11
    D4ds_v5 4 0 16 153600 ACM 0.23
    D8ds_v5 8 0 32 307200 ACM 0.45
    D16ds_v5 16 0 64 614400 ACM 0.9
    D32ds_v5 32 0 128 1228800 ACM 1.81
    D48ds_v5 48 0 192 1843200 ACM 2.71
    D64ds_v5 64 0 256 2457600 ACM 3.62
    D96ds_v5 96 0 384 3686400 ACM 5.42
  ]] },
  { "standardDDv4Family", [[
    D2d_v4 2 0 8 76800 AC 0.11
    D4d_v4 4 0 16 153600 AC 0.23
    D8d_v4 8 0 32 307200 AC 0.45
    D16d_v4 16 0 64 614400 AC 0.9
    D32d_v4 32 0 128 1228800 AC 1.81
    D48d_v4 48 0 192 1843200 AC 2.71
    D64d_v4 64 0 256 2457600 ACM 3.62
  ]] },
  { "standardDDv5Family", [[
    D2d_v5 2 0 8 76800 ACM 0.11
    D4d_v5 4 0 16 153600 ACM 0.23
    D8d_v5 8 0 32 307200 ACM 0.45
    D16d_v5 16 0 64 614400 ACM 0.9
    D32d_v5 32 0 128 1228800 ACM 1.81
    D48d_v5 48 0 192 1843200 ACM 2.71
    D64d_v5 64 0 256 2457600 ACM 3.62
    D96d_v5 96 0 384 3686400 ACM 5.42
  ]] },
  { "standardEADSv5Family", [[
    E2ads_v5 2 0 16 76800 AC 0.13
    E4ads_v5 4 0 32 153600 AC 0.26
    E8ads_v5 8 0 64 307200 AC 0.52
    E16ads_v5 16 0 128 614400 AC 1.05
    E20ads_v5 20 0 160 768000 AC 1.31
    E32ads_v5 32 0 256 1228800 AC 2.1
    E48ads_v5 48 0 384 1843200 AC 3.14
    E64ads_v5 64 0 512 2457600 AC 4.19
    E96ads_v5 96 0 672 3686400 AC 6.29
  ]] },
  { "standardEASv4Family", [[
    E2as_v4 2 0 16 32768 AC 0.13
    E4as_v4 4 0 32 65536 AC 0.25
    E8as_v4 8 0 64 131072 AC 0.5
    E16as_v4 16 0 128 262144 AC 1.01
    E20as_v4 20 0 160 327680 AC 1.26
    E32as_v4 32 0 256 524288 AC 2.02
    E48as_v4 48 0 384 786432 AC 3.02
    E64as_v4 64 0 512 884736 AC 4.03
    E96as_v4 96 0 672 1376256 AC 6.05
  ]] },
  { "standardEAv4Family", [[
    E2a_v4 2 0 16 51200 AC 0.13
    E4a_v4 4 0 32 102400 AC 0.25
    E8a_v4 8 0 64 204800 AC 0.5
    E16a_v4 16 0 128 409600 AC 1.01
    E32a_v4 32 0 256 819200 AC 2.02
    E48a_v4 48 0 384 1228800 AC 3.02
    E64a_v4 64 0 512 1638400 AC 4.03
    E96a_v4 96 0 672 2457600 AC 6.05
  ]] },
  { "standardEBDSv5Family", [[
    E2bds_v5 2 0 16 76800 ACM 0.17
    E4bds_v5 4 0 32 153600 ACM 0.33
    E8bds_v5 8 0 64 307200 ACM 0.67
    E16bds_v5 16 0 128 614400 ACM 1.34
    E32bds_v5 32 0 256 1228800 ACM 2.67
    E48bds_v5 48 0 384 1843200 ACM 4.01
    E64bds_v5 64 0 512 2457600 ACM 5.34
  ]] },
  { "standardEDSv4Family", [[
    E2ds_v4 2 0 16 76800 AC 0.14
    E4ds_v4 4 0 32 153600 AC 0.29
    E8ds_v4 8 0 64 307200 AC 0.58
    E16ds_v4 16 0 128 614400 AC 1.15
    E20ds_v4 20 0 160 768000 AC 1.44
    E32ds_v4 32 0 256 1228800 AC 2.3
    E48ds_v4 48 0 384 1843200 AC 3.46
    E64ds_v4 64 0 504 2457600 AC 4.61
  ]] },
  { "standardEDSv5Family", [[
    E2ds_v5 2 0 16 76800 ACM 0.14
    E4ds_v5 4 0 32 153600 ACM 0.29
    E8ds_v5 8 0 64 307200 ACM 0.58
    E16ds_v5 16 0 128 614400 ACM 1.15
    E20ds_v5 20 0 160 768000 ACM 1.44
    E32ds_v5 32 0 256 1228800 ACM 2.3
    E48ds_v5 48 0 384 1843200 ACM 3.46
    E64ds_v5 64 0 512 2457600 ACM 4.61
    E96ds_v5 96 0 672 3686400 ACM 6.91
  ]] },
  { "standardEDv4Family", [[
    E2d_v4 2 0 16 76800 AC 0.14
    E4d_v4 4 0 32 153600 AC 0.29
    E8d_v4 8 0 64 307200 AC 0.58
    E16d_v4 16 0 128 614400 AC 1.15
    E20d_v4 20 0 160 768000 AC 1.44
    E32d_v4 32 0 256 1228800 AC 2.3
    E48d_v4 48 0 384 1843200 AC 3.46
    E64d_v4 64 0 504 2457600 AC 4.61
  ]] },
  { "standardEDv5Family", [[
    E2d_v5 2 0 16 76800 ACM 0.14
    E4d_v5 4 0 32 153600 ACM 0.29
    E8d_v5 8 0 64 307200 ACM 0.58
    E16d_v5 16 0 128 614400 ACM 1.15
    E20d_v5 20 0 160 768000 ACM 1.44
    E32d_v5 32 0 256 1228800 ACM 2.3
    E48d_v5 48 0 384 1843200 ACM 3.46
    E64d_v5 64 0 512 2457600 ACM 4.61
    E96d_v5 96 0 672 3686400 ACM 6.91
  ]] },
  { "standardEISv3Family", [[
    E64is_v3 64 0 432 884736 S 3.63
  ]] },
  { "standardFXMDVSFamily", [[
    FX4mds 4 0 84 172032 ACM 0.37
    FX12mds 12 0 252 516096 ACM 1.12
    FX24mds 24 0 504 1032192 ACM 2.23
    FX36mds 36 0 756 1548288 ACM 3.35
    FX48mds 48 0 1008 2064384 ACM 4.46
  ]] },
  { "standardHBrsv2Family", [[
    HB120rs_v2 120 0 456 491520 AC 3.6
  ]] },
  { "standardHBv3Family", [[
    HB120rs_v3 120 0 456 491520 AC 3.6
  ]] },
  { "standardHCSFamily", [[
    HC44rs 44 0 352 716800 AC 3.17
  ]] },
  { "standardLASv3Family", [[
    L8as_v3 8 0 64 81920 AM 0.62
    L16as_v3 16 0 128 163840 AM 1.25
    L32as_v3 32 0 256 327680 AM 2.5
    L48as_v3 48 0 384 491520 AM 3.74
    L64as_v3 64 0 512 655360 AM 4.99
    L80as_v3 80 0 640 819200 AM 6.24
  ]] },
  { "standardLSv2Family", [[
    L8s_v2 8 0 64 81920 ACM -
    L16s_v2 16 0 128 163840 ACM -
    L32s_v2 32 0 256 327680 ACM -
    L48s_v2 48 0 384 491520 ACM -
    L64s_v2 64 0 512 655360 ACM -
    L80s_v2 80 0 640 819200 ACM -
  ]] },
  { "standardLSv3Family", [[
    L8s_v3 8 0 64 81920 AM 0.7
    L16s_v3 16 0 128 163840 AM 1.39
    L32s_v3 32 0 256 327680 AM 2.78
    L48s_v3 48 0 384 491520 AM 4.18
    L64s_v3 64 0 512 655360 AM 5.57
    L80s_v3 80 0 640 819200 AM 6.96
  ]] },
  { "standardMSFamily", [[
    M8ms 8 0 218.75 262144 AC 1.54
    M16ms 16 0 437.5 524288 AC 3.07
    M32ts 32 0 192 1048576 AC 2.71
    M32ls 32 0 256 1048576 AC 2.87
    M32ms 32 0 875 1048576 AC 6.15
    M64ls 64 0 512 2097152 AC 5.42
    M64s 64 0 1024 2097152 AC 6.67
    M64ms 64 0 1792 2097152 AC 10.34
    M64 64 0 1024 7340032 AC 6.67
    M64m 64 0 1792 7340032 AC 10.34
    M128s 128 0 2048 4194304 AC 13.34
    M128ms 128 0 3892 4194304 AC 26.69
    M128 128 0 2048 14680064 AC 13.34
    M128m 128 0 3892 14680064 AC 26.69
  ]] },
  { "standardMSv2Family", [[
    M208s_v2 208 0 2850 4194304 AM 22.31
    M208ms_v2 208 0 5700 4194304 AM 44.62
    M416s_v2 416 0 5700 8388608 AM 49.58
    M416ms_v2 416 0 11400 8388608 AM 99.15
  ]] },
  { "StandardNCADSA100v4Family", [[
    NC24ads_A100_v4 24 1 220 65536 ACM 3.67
    NC48ads_A100_v4 48 2 440 131072 ACM 7.35
    NC96ads_A100_v4 96 4 880 262144 ACM 14.69
  ]] },
  { "StandardNCadsH100v5Family", [[
    NC40ads_H100_v5 40 1 320 131072 AMC 6.98
    NC80adis_H100_v5 80 2 640 262144 AMC 13.96
  ]] },
  { "standardNDSv2Family", [[
    ND40rs_v2 40 8 672 2969600 ACM 22.03
  ]] },
  { "standard NDAMSv4_A100Family", [[
    ND96amsr_A100_v4 96 8 1800 2969600 ACM! 32.77
  ]] },
  { "Standard NDASv4_A100 Family", [[
    ND96asr_v4 96 8 900 2969600 ACM! 27.2
  ]] },
  { "standardNDv5H100Family", [[
    ND96isr_H100_v5 96 8 1900 1048576 ACM 98.32
  ]] },
  { "StandardNVADSA10v5Family", [[
    NV6ads_A10_v5 6 1 55 184320 M 0.45
    NV12ads_A10_v5 12 1 110 368640 M 0.91
    NV18ads_A10_v5 18 1 220 737280 M 1.6
    NV36ads_A10_v5 36 1 440 1474560 M 3.2
    NV36adms_A10_v5 36 1 880 2949120 M 4.52
    NV72ads_A10_v5 72 2 880 2949120 M 6.52
  ]] },
  { "standardNVSv3Family", [[
    NV12s_v3 12 1 112 753664 AC 1.14
    NV24s_v3 24 2 224 1509376 AC 2.28
    NV48s_v3 48 4 448 3018752 AC 4.56
  ]] },
}
