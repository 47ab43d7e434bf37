// Regions: the places in which Durable Objects live. An isolate uses the objects of its own region.

/**
 * Location hints that have a home of their own. Cloudflare serves `sam`, `afr` and `me` from a neighbor, which they share here; `apac` is
 * the union of `apac-ne` and `apac-se`.
 *
 * @see developers.cloudflare.com/durable-objects/reference/data-location, "Supported locations", as of 2026-06-26
 */
export const LOCATION_HINTS = ["wnam", "enam", "weur", "eeur", "apac-ne", "apac-se", "oc"] as const;

export type LocationHint = (typeof LOCATION_HINTS)[number];

/** `local` where the place of an isolate is not known: on a developer's machine, and before its first request from the edge. */
export type Region = LocationHint | "local";

/** What a request from the edge shows about its place. */
export interface RequestPlace {
  readonly colo?: string | undefined; // data center that received the request, an IATA code; it decides where it is listed
  readonly continent?: string | undefined; // two letters; the one in which the client is
  readonly longitude?: string | undefined; // degrees east, as text; that of the client
}

/** Region of a data center that is not listed, where the request shows no continent either. */
const DEFAULT_HINT: LocationHint = "enam";

/**
 * The data centers of Cloudflare by region. Each is in the home with the shortest measured time to it; one without a measurement is with
 * its neighbors. Of Asia-Pacific, the countries of Cloudflare's load balancing region `NEAS` are the northeast.
 *
 * @see speed.cloudflare.com/locations and www.cloudflarestatus.com as of 2026-08-07 (the list); where.durableobjects.live as of 2026-01-04
 *      (the times); developers.cloudflare.com/load-balancing/reference/region-mapping-api (`NEAS`)
 */
const COLOS: Readonly<Record<LocationHint, readonly string[]>> = {
  wnam: ["ABQ ANC AUS DEN DFW GDL HNL LAS LAX OMA PDX PHX PPT SAN SAT SEA SFO SJC SLC SMF YVR YXE YYC"],
  enam: [
    "ARI ARU ASU ATL BAQ BEL BGI BGR BNA BOG BOS BSB BUF CAW CFC CGB CLE CLO CLT CMH CNF COR CVG CWB DTW EWR EZE FLN FOR FSD GEO GIG",
    "GND GRU GUA GYE GYN IAD IAH IND JAX JDO JOI KIN LIM LPB MAO MCI MDE MEM MEX MIA MSP NQN NVT OKC ORD ORF PBM PHL PIT PMW POA POS",
    "PTY QRO QWJ RAO RDU REC RIC SAP SCL SDQ SJK SJO SJP SJU SOD SSA STI STL TGU TLH TPA UDI UIO VCP VIX XAP YHZ YUL YWG YYZ",
  ],
  weur: [
    "AAE ABJ ACC ADD ALG AMM AMS ASK BAH BCN BEY BOD BRU CAI CDG CPH CPT CZL DAR DKR DLA DMM DUB DUR DUS EBB EVN FCO FIH FRA GBE GOT",
    "GVA GYD HFA HRE JED JIB JNB KEF KGL KWI LAD LCA LHR LIS LLK LLW LOS LUN LUX LYS MAD MAN MBA MLA MPM MRS NBO NJF ORN OUA RUN TLV",
    "TNR TUN WDH ZDM",
  ],
  eeur: [
    "ADB AKX ALA ARN ATH BEG BGW BSR BTS BUD DME DOH EBL FRU HAM HEL IST ISU KBP KIV KJA LED LJU MSQ MUC MXP NQZ OSL OTP PMO PRG RIX",
    "RUH SKG SKP SOF STR TBS TIA TLL TXL ULN VIE VNO WAW WRO XNH ZAG ZRH",
  ],
  "apac-ne": [
    "ACX AVA BHY CAN CGD CGO CKG CSX CTU CZX DLC FOC FUK FUO GUM HAK HGH HKG HYN ICN JXG KHH KHN KIX KMG KWE LYA MFM NRT OKA PKX SHA",
    "SJW SZX TAO TEN TNA TPE TYN XFN XIY XNN",
  ],
  "apac-se": [
    "AGR AMD BBI BDQ BKK BLR BOM BWN CCU CEB CGK CGP CGY CJB CMB CNN CNX COK CRK DAC DAD DEL DPS DXB HAN HYD ISB IXC JHB JOG JRG KCH",
    "KHI KNU KTM KUL LHE MAA MCT MLE MLG MNL MRU NAG PAT PBH PNH PNQ SGN SIN UDR URT VTE",
  ],
  oc: ["ADL AKL BNE CBR CHC HBA MEL NOU PER SUV SYD WLG"],
};

const HINT_OF_COLO: ReadonlyMap<string, LocationHint> = new Map(
  LOCATION_HINTS.flatMap((hint) => COLOS[hint].flatMap((codes) => codes.split(" ").map((colo) => [colo, hint] as const))),
);

/**
 * The region in which a request is handled: by its data center. For one that is not listed, by the client's place, which is near it.
 *
 * @returns `local` where the request shows no data center: it does not come from the edge
 */
export function regionOf({ colo, continent, longitude }: RequestPlace): Region {
  if (colo === undefined || colo === "") return "local";
  return HINT_OF_COLO.get(colo) ?? hintNear(continent, Number.parseFloat(longitude ?? ""));
}

/** @param degrees east; NaN where it is not known, which counts as the more populous half of the continent */
function hintNear(continent: string | undefined, degrees: number): LocationHint {
  switch (continent) {
    case "NA":
      return degrees < -97 ? "wnam" : "enam";
    case "SA":
      return "enam";
    case "EU":
      return degrees > 11 ? "eeur" : "weur";
    case "AF":
      return "weur";
    case "AS":
      if (degrees < 55) return "eeur";
      return degrees > 110 ? "apac-ne" : "apac-se";
    case "OC":
    case "AN":
      return "oc";
    default:
      return DEFAULT_HINT;
  }
}

/** @returns the hint for objects of a region; undefined for `local`: the platform then chooses a place near the first caller */
export function locationHintOf(region: Region): LocationHint | undefined {
  return region === "local" ? undefined : region;
}

const REGIONS: ReadonlySet<string> = new Set<Region>([...LOCATION_HINTS, "local"]);

/** Whether a text, such as a header of another Worker, names a region. */
export function isRegion(text: string | null): text is Region {
  return text !== null && REGIONS.has(text);
}

/** Restricts where Durable Objects run and store data. @see developers.cloudflare.com/durable-objects/reference/data-location */
export const JURISDICTIONS = ["eu", "us", "fedramp"] as const;

export type Jurisdiction = (typeof JURISDICTIONS)[number];

/** Homes that are inside of a jurisdiction. A hint of another one is not sent: the platform then chooses a place inside. */
const HINTS_WITHIN: Readonly<Record<Jurisdiction, readonly LocationHint[]>> = {
  eu: ["weur", "eeur"],
  us: ["wnam", "enam"],
  fedramp: ["wnam", "enam"],
};

/** Whether a location hint leads to a place within the jurisdiction. */
export function isWithin(hint: string, jurisdiction: Jurisdiction): boolean {
  return HINTS_WITHIN[jurisdiction].some((within) => within === hint);
}
