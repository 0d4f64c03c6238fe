/** Everstate’s sign, a clock that runs back: on tabs of the browser, and in GraphiQL. */

export const logoSvg =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" aria-hidden="true">' +
  '<rect width="32" height="32" rx="8" fill="#3f51d9"/><g fill="none" stroke="white" ' +
  'stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"><path ' +
  'd="M7.5 16a8.5 8.5 0 1 0 2.6-6.1M9.6 5.6v4.6h4.6M16 11.5V16l3.4 2.2"/></g></svg>';

/** The logo as an address that needs no request; it may stand in quotes of both kinds. */
export const iconUrl = `data:image/svg+xml,${encodeURIComponent(logoSvg).replaceAll("'", '%27')}`;
